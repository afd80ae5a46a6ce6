using Microkernel.Platform.X64;

namespace Microkernel.Platform.Rtc;

/// <summary>Reads the battery-backed clock, to the second.</summary>
internal static class CmosClock
{
    private const ushort Index = 0x70;
    private const ushort Data = 0x71;
    private const byte StatusA = 0x0a;
    private const byte StatusB = 0x0b;
    private const byte UpdateInProgress = 0x80;
    private const int Tries = 20_000;

    /// <summary>Seconds since 1970, or false when there is no sensible clock.</summary>
    /// <param name="centuryRegister">The FADT's register with the century, or 0.</param>
    /// <param name="seconds">The time.</param>
    public static bool TryRead(byte centuryRegister, out ulong seconds)
    {
        for (int i = 0; i < Tries; i++)
        {
            CmosTime first = ReadFields(centuryRegister);
            if ((Read(StatusA) & UpdateInProgress) == 0 && first.Matches(ReadFields(centuryRegister)))
                return first.TryGetUnixTime(out seconds);
        }

        seconds = 0;
        return false;
    }

    private static CmosTime ReadFields(byte centuryRegister) => new()
    {
        Second = Read(0),
        Minute = Read(2),
        Hour = Read(4),
        Day = Read(7),
        Month = Read(8),
        Year = Read(9),
        Century = centuryRegister != 0 ? Read(centuryRegister) : (byte)0,
        Format = Read(StatusB),
    };

    private static byte Read(byte register)
    {
        Cpu.Out8(Index, register);
        return Cpu.In8(Data);
    }
}
