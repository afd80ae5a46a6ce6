namespace Microkernel.Xen;

/// <summary>What the core's check of its own books says.</summary>
/// <param name="Violations">Mistakes that it found.</param>
/// <param name="FreeFrames">Frames that nobody owns.</param>
public sealed record AuditResult(long Violations, long FreeFrames);
