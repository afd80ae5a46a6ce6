namespace Microkernel.Platform.Traps;

/// <summary>What happens on an interrupt vector. Runs with interrupts off; must not allocate nor wait.</summary>
internal abstract class InterruptHandler
{
    /// <summary>Serves the interrupt and acknowledges it.</summary>
    public abstract void Handle();
}
