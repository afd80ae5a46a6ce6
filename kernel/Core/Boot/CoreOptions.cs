using System;
using Microkernel.Core.Logging;

namespace Microkernel.Core.Boot;

/// <summary>
/// The core's command line: words of the form <c>name=value</c>, the last of a name counts. A word that is unknown or
/// makes no sense is reported and left out.
/// </summary>
public sealed class CoreOptions
{
    private static readonly CoreOption[] Table =
    [
        new("console", "com1, com2 or none: the core's log", TrySetConsole),
        new("guests", "com1, com2 or none: the guests' consoles", TrySetGuests),
        new("cpus", "a number from 1 on: the most CPUs to use", TrySetCpus),
        new("smt", "on or off: use all threads of a CPU core", TrySetSmt),
        new("mitigations", "auto, off or a list of measures", TrySetMitigations),
        new("audit", "on or off: check all of the core's memory records after every end of a domain", TrySetAudit),
        new("selftest", "the name of a fault to make on purpose", TrySetSelfTest),
    ];

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
        foreach (CoreOption option in Table)
        {
            if (option.IsNamed(name))
            {
                if (!option.TrySet(this, value))
                    log.Write($"option {word} ignored: {option.Name} is {option.Meaning}");

                return;
            }
        }

        log.Write($"option {word} ignored: there is no such option");
    }

    private static bool TrySetConsole(CoreOptions options, ReadOnlySpan<byte> value)
    {
        bool sound = TryReadPort(value, out SerialPortChoice port);
        options.Console = sound ? port : options.Console;
        return sound;
    }

    private static bool TrySetGuests(CoreOptions options, ReadOnlySpan<byte> value)
    {
        bool sound = TryReadPort(value, out SerialPortChoice port);
        options.Guests = sound ? port : options.Guests;
        return sound;
    }

    private static bool TrySetCpus(CoreOptions options, ReadOnlySpan<byte> value)
    {
        const int Most = 1_000_000;
        int number = 0;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9' || number > Most)
                return false;

            number = (number * 10) + digit - '0';
        }

        options.Cpus = number > 0 ? number : options.Cpus;
        return number > 0;
    }

    private static bool TrySetSmt(CoreOptions options, ReadOnlySpan<byte> value)
    {
        bool sound = TryReadSwitch(value, out bool on);
        options.UseSiblings = sound ? on : options.UseSiblings;
        return sound;
    }

    private static bool TrySetAudit(CoreOptions options, ReadOnlySpan<byte> value)
    {
        bool sound = TryReadSwitch(value, out bool on);
        options.AuditsEnds = sound ? on : options.AuditsEnds;
        return sound;
    }

    private static bool TrySetMitigations(CoreOptions options, ReadOnlySpan<byte> value)
    {
        options._mitigations = value.ToArray();
        return true;
    }

    private static bool TrySetSelfTest(CoreOptions options, ReadOnlySpan<byte> value)
    {
        options._selfTest = value.ToArray();
        return true;
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
