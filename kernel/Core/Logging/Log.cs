using System;
using Microkernel.Core.Hardware;
using Microkernel.Core.Time;

namespace Microkernel.Core.Logging;

/// <summary>The core's log. Every line starts with "(core) " and is written at once, so that lines of several CPUs do not mix.</summary>
public sealed class Log
{
    private readonly Machine _machine;

    /// <summary>The log of <paramref name="machine"/>.</summary>
    public Log(Machine machine) => _machine = machine;

    /// <summary>Writes one line.</summary>
    public void Write(ReadOnlySpan<byte> text)
    {
        Span<byte> buffer = stackalloc byte[LogLine.Capacity];
        LogLine line = Begin(buffer);
        line.Add(text);
        End(ref line);
    }

    /// <summary>Writes one line that is composed in place: <c>log.Write($"{count} CPUs")</c>. It allocates nothing.</summary>
    public void Write(ref LogText text) => _machine.WriteLog(text.Finish());

    /// <summary>Starts a line in <paramref name="buffer"/> (<see cref="LogLine.Capacity"/> bytes on the caller's stack).</summary>
    public static LogLine Begin(Span<byte> buffer)
    {
        LogLine line = new(buffer);
        line.Add("(core) "u8);
        return line;
    }

    /// <summary>Ends the line and writes it.</summary>
    public void End(ref LogLine line)
    {
        line.AddByte((byte)'\n');
        _machine.WriteLog(line.Text);
    }
}
