using System;
using Microkernel.Core.Logging;

namespace Microkernel.Core.Boot;

/// <summary>
/// The core's command line: words of the form <c>name=value</c>, the last of a name counts. A word that is unknown or
/// makes no sense is reported and left out.
/// </summary>
public sealed class CoreOptions
{
    private byte[] _mitigations = [];
    private byte[] _selfTest = [];

    /// <summary>Where the core's log goes.</summary>
    public SerialPortChoice Console { get; private set; } = SerialPortChoice.Com1;

    /// <summary>Where the guests' consoles go.</summary>
    public SerialPortChoice Guests { get; private set; } = SerialPortChoice.Com2;

    /// <summary>The most CPUs to use.</summary>
    public int Cpus { get; private set; } = int.MaxValue;

    /// <summary>All threads of a CPU core are used; null leaves it to the mitigations.</summary>
    public bool? UseSiblings { get; private set; }

    /// <summary>The memory records are checked after every end of a domain.</summary>
    public bool AuditsEnds { get; private set; }

    /// <summary>The value of mitigations=, for <see cref="Hardware.SpeculationPolicy.TryChoose"/>.</summary>
    public ReadOnlySpan<byte> Mitigations => _mitigations;

    /// <summary>The value of selftest=: a fault to make on purpose; empty for none.</summary>
    public ReadOnlySpan<byte> SelfTest => _selfTest;

    /// <summary>Reads a command line, without the core's own file name. Only during start-up: it allocates.</summary>
    public static CoreOptions Parse(ReadOnlySpan<byte> commandLine, Log log)
    {
        var options = new CoreOptions();
        while (!commandLine.IsEmpty)
        {
            int end = commandLine.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = end < 0 ? commandLine : commandLine.Slice(0, end);
            commandLine = end < 0 ? default : commandLine.Slice(end + 1);
            if (!word.IsEmpty)
                options.Take(word, log);
        }

        return options;
    }

    private void Take(ReadOnlySpan<byte> word, Log log)
    {
        int equals = word.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? word : word.Slice(0, equals);
        ReadOnlySpan<byte> value = equals < 0 ? default : word.Slice(equals + 1);
        string? meaning = Take(name, value, out bool isSound);
        if (meaning == null)
            log.Write($"option {word} ignored: there is no such option");
        else if (!isSound)
            log.Write($"option {word} ignored: {name} is {meaning}");
    }

    // What the option is; null: there is none of that name.
    private string? Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out bool isSound)
    {
        isSound = true;
        if (name.SequenceEqual("console"u8))
        {
            isSound = TryReadPort(value, out SerialPortChoice port);
            Console = isSound ? port : Console;
            return "com1, com2 or none: the core's log";
        }

        if (name.SequenceEqual("guests"u8))
        {
            isSound = TryReadPort(value, out SerialPortChoice port);
            Guests = isSound ? port : Guests;
            return "com1, com2 or none: the guests' consoles";
        }

        if (name.SequenceEqual("cpus"u8))
        {
            isSound = TryReadCount(value, out int count);
            Cpus = isSound ? count : Cpus;
            return "a number from 1 on: the most CPUs to use";
        }

        if (name.SequenceEqual("smt"u8))
        {
            isSound = TryReadSwitch(value, out bool on);
            UseSiblings = isSound ? on : UseSiblings;
            return "on or off: use all threads of a CPU core";
        }

        if (name.SequenceEqual("mitigations"u8))
        {
            _mitigations = value.ToArray();
            return "auto, off or a list of measures";
        }

        return TakeCheck(name, value, out isSound);
    }

    // The options by which the core checks itself.
    private string? TakeCheck(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out bool isSound)
    {
        isSound = true;
        if (name.SequenceEqual("audit"u8))
        {
            isSound = TryReadSwitch(value, out bool on);
            AuditsEnds = isSound ? on : AuditsEnds;
            return "on or off: check all of the core's memory records after every end of a domain";
        }

        if (!name.SequenceEqual("selftest"u8))
            return null;

        _selfTest = value.ToArray();
        return "the name of a fault to make on purpose";
    }

    private static bool TryReadCount(ReadOnlySpan<byte> value, out int count)
    {
        const int Most = 1_000_000;
        count = 0;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9' || count > Most)
                return false;

            count = (count * 10) + digit - '0';
        }

        return count > 0;
    }

    private static bool TryReadPort(ReadOnlySpan<byte> value, out SerialPortChoice port)
    {
        port = value.SequenceEqual("com1"u8) ? SerialPortChoice.Com1
            : value.SequenceEqual("com2"u8) ? SerialPortChoice.Com2
            : SerialPortChoice.None;
        return port != SerialPortChoice.None || value.SequenceEqual("none"u8);
    }

    private static bool TryReadSwitch(ReadOnlySpan<byte> value, out bool on)
    {
        on = value.IsEmpty || value.SequenceEqual("on"u8);
        return on || value.SequenceEqual("off"u8);
    }
}
