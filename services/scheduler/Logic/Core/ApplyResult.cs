namespace Microkernel.Services.Scheduler;

/// <summary>The core's answer to a transaction.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Reason">Why it was refused.</param>
public readonly record struct ApplyResult(ApplyStatus Status, string Reason = "");
