using Microkernel.Core.Hardware;

namespace Microkernel.Core.Console;

/// <summary>Writing lines to the core's log.</summary>
public static class MachineLog
{
    /// <summary>Writes one line: <c>(core) </c>, the text, a line end. From any CPU; lines are never mixed.</summary>
    public static void Log(this Machine machine, ref LogLine line) => machine.WriteLog(line.Finish());
}
