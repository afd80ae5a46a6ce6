namespace Microkernel.XenStore.Bench;

/// <summary>A request and what came back for it, in bytes.</summary>
internal readonly record struct Exchange(int Request, int Response);
