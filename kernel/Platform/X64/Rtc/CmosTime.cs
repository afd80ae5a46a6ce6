namespace Microkernel.Platform.Rtc;

/// <summary>The CMOS clock's registers as they were read (Motorola MC146818A), and the time they mean.</summary>
public struct CmosTime
{
    private const byte BinaryMode = 0x04;
    private const byte Hours24 = 0x02;
    private const byte Afternoon = 0x80;

    public byte Second;
    public byte Minute;
    public byte Hour;
    public byte Day;
    public byte Month;
    public byte Year;

    /// <summary>Century, in the same code as the others; 0 when the machine has no such register.</summary>
    public byte Century;

    /// <summary>Register B: how the others are coded.</summary>
    public byte Format;

    /// <summary>All fields are equal.</summary>
    public readonly bool Matches(in CmosTime other) =>
        Second == other.Second && Minute == other.Minute && Hour == other.Hour && Day == other.Day
        && Month == other.Month && Year == other.Year && Century == other.Century && Format == other.Format;

    /// <summary>Seconds since 1970 (UTC); false when the fields are no date.</summary>
    public readonly bool TryGetUnixTime(out ulong seconds)
    {
        int year = Decode(Year) + (100 * (Century != 0 ? Decode(Century) : 20));
        int month = Decode(Month), day = Decode(Day);
        int hour = DecodeHour(), minute = Decode(Minute), second = Decode(Second);
        seconds = 0;
        bool sound = year is >= 1970 and < 2200 && month is >= 1 and <= 12 && day is >= 1 and <= 31
            && hour < 24 && minute < 60 && second < 60;
        if (sound)
        {
            seconds = (((((DaysBefore(year, month) + (ulong)day - 1) * 24) + (ulong)hour) * 60) + (ulong)minute) * 60
                + (ulong)second;
        }

        return sound;
    }

    // Years are counted from March, so that the leap day comes last and months have a regular length.
    private static ulong DaysBefore(int year, int month)
    {
        const int DaysTo1970 = 719_468;
        int y = month <= 2 ? year - 1 : year;
        int monthsSinceMarch = (month + 9) % 12;
        int days = (365 * y) + (y / 4) - (y / 100) + (y / 400) + (((153 * monthsSinceMarch) + 2) / 5);
        return (ulong)(days - DaysTo1970);
    }

    private readonly int DecodeHour()
    {
        if ((Format & Hours24) != 0)
            return Decode(Hour);

        int hour = Decode((byte)(Hour & ~Afternoon)) % 12;
        return (Hour & Afternoon) != 0 ? hour + 12 : hour;
    }

    private readonly int Decode(byte value) =>
        (Format & BinaryMode) != 0 ? value : ((value >> 4) * 10) + (value & 15);
}
