using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>The ACPI power management timer (ACPI 6.5, 4.8.3.3).</summary>
internal sealed class PmTimer : ReferenceClock
{
    private readonly ushort _port;

    /// <summary>The timer at an I/O port.</summary>
    public PmTimer(ushort port, bool isWide)
    {
        _port = port;
        Mask = isWide ? uint.MaxValue : 0xff_ffff;
    }

    /// <inheritdoc/>
    public override string Name => "ACPI PM timer";

    /// <inheritdoc/>
    public override ulong Frequency => 3_579_545;

    /// <inheritdoc/>
    public override uint Mask { get; }

    /// <inheritdoc/>
    public override uint Read() => Cpu.In32(_port) & Mask;
}
