using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>The main counter of the HPET (IA-PC HPET specification 1.0a, 2.3).</summary>
internal sealed class HpetClock : ReferenceClock
{
    private const int PeriodRegister = 4;
    private const int ConfigurationRegister = 0x10;
    private const int CounterRegister = 0xf0;
    private const uint Enable = 1;
    private const uint LegacyRoutes = 2;
    private const uint LongestPeriod = 100_000_000;
    private const ulong FemtosecondsPerSecond = 1_000_000_000_000_000;

    private readonly DeviceMemory _registers;

    private HpetClock(DeviceMemory registers, uint period)
    {
        _registers = registers;
        Frequency = (FemtosecondsPerSecond + (period / 2)) / period;
        uint configuration = registers.Read32(ConfigurationRegister);
        registers.Write32(ConfigurationRegister, (configuration & ~LegacyRoutes) | Enable);
    }

    /// <inheritdoc/>
    public override string Name => "HPET";

    /// <inheritdoc/>
    public override ulong Frequency { get; }

    /// <inheritdoc/>
    public override uint Mask => uint.MaxValue;

    /// <summary>Starts the counter of an HPET; null when its period makes no sense or it stands still.</summary>
    public static HpetClock? TryStart(ulong address)
    {
        DeviceMemory registers = DeviceMemory.Map(address);
        uint period = registers.Read32(PeriodRegister);
        if (period is 0 or > LongestPeriod)
            return null;

        var clock = new HpetClock(registers, period);
        return clock.Moves() ? clock : null;
    }

    /// <inheritdoc/>
    public override uint Read() => _registers.Read32(CounterRegister);
}
