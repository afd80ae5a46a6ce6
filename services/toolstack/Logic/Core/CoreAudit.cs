namespace Microkernel.Services.Toolstack.Core;

/// <summary>What the core found when it compared its tables.</summary>
/// <param name="Violations">Contradictions.</param>
/// <param name="FreeFrames">Frames that nobody has.</param>
public sealed record CoreAudit(ulong Violations, ulong FreeFrames);
