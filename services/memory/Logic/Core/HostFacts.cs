namespace Microkernel.Services.Memory.Core;

/// <summary>Memory of the host, in pages.</summary>
/// <param name="TotalPages">What the machine has.</param>
/// <param name="FreePages">What nobody has.</param>
/// <param name="ClaimedPages">Of the free ones, those that are promised.</param>
public sealed record HostFacts(ulong TotalPages, ulong FreePages, ulong ClaimedPages);
