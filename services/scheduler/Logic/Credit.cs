namespace Microkernel.Services.Scheduler;

/// <summary>What the policy credit2 knows of a domain.</summary>
/// <param name="Weight">Its share of the CPUs beside the others' weights.</param>
/// <param name="Cap">The most of the CPUs that it gets, in percent of one; 0 for no such limit.</param>
public readonly record struct Credit(ushort Weight, ushort Cap);
