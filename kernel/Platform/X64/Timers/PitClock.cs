using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>Channel 2 of the 8254 timer, for machines whose ACPI tables name no better clock.</summary>
internal sealed class PitClock : ReferenceClock
{
    private const ushort Channel2 = 0x42;
    private const ushort Command = 0x43;
    private const ushort SystemControl = 0x61;
    private const byte GateOnSpeakerOff = 0x01;
    private const byte SpeakerBits = 0x03;
    private const byte RateGenerator = 0xb4;
    private const byte LatchChannel2 = 0x80;

    /// <summary>Lets the channel count through all 16 bits again and again, without sound.</summary>
    public PitClock()
    {
        Cpu.Out8(SystemControl, (byte)((Cpu.In8(SystemControl) & ~SpeakerBits) | GateOnSpeakerOff));
        Cpu.Out8(Command, RateGenerator);
        Cpu.Out8(Channel2, 0);
        Cpu.Out8(Channel2, 0);
    }

    /// <inheritdoc/>
    public override string Name => "PIT";

    /// <inheritdoc/>
    public override ulong Frequency => 1_193_182;

    /// <inheritdoc/>
    public override uint Mask => ushort.MaxValue;

    /// <inheritdoc/>
    public override uint Read()
    {
        Cpu.Out8(Command, LatchChannel2);
        uint low = Cpu.In8(Channel2);
        uint remaining = low | ((uint)Cpu.In8(Channel2) << 8);
        return (0 - remaining) & Mask;
    }
}
