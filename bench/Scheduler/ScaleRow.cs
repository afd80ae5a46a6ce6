namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What was measured of a machine of some size.</summary>
/// <param name="Policy">Its policy.</param>
/// <param name="Cpus">Its CPUs.</param>
/// <param name="Vcpus">Its vCPUs.</param>
/// <param name="Decisions">Decisions in the time that was measured.</param>
/// <param name="DecisionUs">What a decision and all that comes with it cost, in us, the simulation's own part included.</param>
/// <param name="EpochMs">What an epoch of the service cost, in ms: reading the core, asking the policy, checking and applying.</param>
/// <param name="Changes">Contexts that it changed.</param>
internal sealed record ScaleRow(string Policy, int Cpus, int Vcpus, long Decisions, double DecisionUs, double EpochMs, int Changes);
