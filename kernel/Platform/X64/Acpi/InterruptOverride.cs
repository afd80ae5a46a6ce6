namespace Microkernel.Platform.Acpi;

/// <summary>An ISA interrupt that arrives elsewhere or otherwise than on the input of its number.</summary>
public readonly struct InterruptOverride
{
    private const int PolarityMask = 3;
    private const int TriggerShift = 2;
    private const int ActiveLow = 3;
    private const int Level = 3;
    private readonly ushort _flags;

    /// <summary>Takes the fields of the entry: ISA interrupt, global number, MPS flags.</summary>
    public InterruptOverride(byte source, uint globalInterrupt, ushort flags)
    {
        Source = source;
        GlobalInterrupt = globalInterrupt;
        _flags = flags;
    }

    /// <summary>ISA interrupt 0 to 15.</summary>
    public byte Source { get; }

    /// <summary>Global number of the input it arrives on.</summary>
    public uint GlobalInterrupt { get; }

    /// <summary>The input is active low (the ISA bus' own way is high).</summary>
    public bool IsActiveLow => (_flags & PolarityMask) == ActiveLow;

    /// <summary>The input is level-triggered (the ISA bus' own way is edge).</summary>
    public bool IsLevel => ((_flags >> TriggerShift) & PolarityMask) == Level;
}
