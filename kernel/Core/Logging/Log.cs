using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Logging;

/// <summary>The core's log. Every line starts with "(core) " and is written at once, so that lines of several CPUs do not mix.</summary>
public sealed class Log
{
    private readonly Machine _machine;

    /// <summary>The log of <paramref name="machine"/>.</summary>
    public Log(Machine machine) => _machine = machine;

    /// <summary>Writes one line that is composed in place: <c>log.Write($"{count} CPUs")</c>. It allocates nothing.</summary>
    // Not into its many callers: size, not speed, counts here; the same for the methods of LogLine.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Write(ref LogLine line) => _machine.WriteLog(line.Finish());
}
