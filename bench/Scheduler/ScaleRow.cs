namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What was measured of a machine of some size.</summary>
/// <param name="Cpus">Its CPUs.</param>
/// <param name="Vcpus">Its vCPUs.</param>
/// <param name="Decisions">Decisions in the time that was measured.</param>
/// <param name="DecisionUs">What a decision and all that comes with it cost, in us, the simulation's own part included.</param>
/// <param name="WaitMs">The worst vCPU's 95th percentile of wake-up latency, in simulated ms.</param>
/// <param name="EpochMs">What an epoch of the service cost, in ms.</param>
/// <param name="Changes">Contexts that it changed.</param>
internal sealed record ScaleRow(int Cpus, int Vcpus, long Decisions, double DecisionUs, double WaitMs, double EpochMs, int Changes);
