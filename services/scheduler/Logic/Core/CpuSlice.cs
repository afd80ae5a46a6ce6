namespace Microkernel.Services.Scheduler;

/// <summary>A vCPU ran on a CPU, without a break. Times are the core's.</summary>
/// <param name="Domain">Its domain.</param>
/// <param name="Vcpu">Its number.</param>
/// <param name="StartNs">When it began.</param>
/// <param name="EndNs">When it ended.</param>
/// <param name="WaitedNs">How long it had waited since it was woken for it; 0 if it was not.</param>
/// <param name="Next">What it was afterwards.</param>
public readonly record struct CpuSlice(uint Domain, uint Vcpu, ulong StartNs, ulong EndNs, ulong WaitedNs, VcpuActivity Next);
