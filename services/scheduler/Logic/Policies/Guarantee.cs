namespace Microkernel.Services.Scheduler;

/// <summary>A budget that is wanted for a vCPU, on one CPU that has to be found.</summary>
/// <param name="Vcpu">Whose.</param>
/// <param name="Reservation">Budget and period.</param>
/// <param name="Band">0 to 3: whose budget goes first.</param>
/// <param name="IsOperators">An operator asked for it: it finds its place before those that a policy thinks good.</param>
public sealed record Guarantee(VcpuView Vcpu, Reservation Reservation, uint Band, bool IsOperators);
