using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>The one-shot timer of the executing CPU has fired.</summary>
internal sealed class TimerHandler(X64Machine machine) : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle()
    {
        int cpu = machine.CurrentCpu;
        machine.Timer.HasFired(cpu);
        machine.Apic.EndOfInterrupt();
        machine.Kernel?.Dispatcher.OnTimer(cpu);
    }
}
