namespace Microkernel.Platform.Diagnostics;

/// <summary>Stops CPUs in a panic.</summary>
internal abstract class CpuStopper
{
    /// <summary>Sends every other CPU a non-maskable interrupt; does not wait for them.</summary>
    public abstract void StopOthers();
}
