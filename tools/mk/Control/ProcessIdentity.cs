using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading.Tasks;

namespace Mk.Control;

/// <summary>A process that is never mistaken for a later one of the same number: the time it started belongs to its name.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Start">When it started, in ticks since the machine did, as /proc says.</param>
public readonly record struct ProcessIdentity(int Id, long Start)
{
    /// <summary>Asks a process to end.</summary>
    public const int Terminate = 15;

    /// <summary>Ends a process at once.</summary>
    public const int Kill = 9;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>This process.</summary>
    public static ProcessIdentity Current => Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc does not know this process");

    /// <summary>Whether the process runs. One that has ended and was not waited for does not.</summary>
    public bool IsAlive => Of(Id) == this;

    /// <summary>The process of a number now, or null.</summary>
    public static ProcessIdentity? Of(int id)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            // The second field is the program's name in parentheses, with whatever characters; field 3 is the state, 22 the start.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : new ProcessIdentity(id, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Sends a signal, unless the process has ended.</summary>
    public void Signal(int signal)
    {
        if (IsAlive)
            _ = kill(Id, signal);
    }

    /// <summary>Waits until the process has ended.</summary>
    /// <returns>False if it has not in time.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (IsAlive)
        {
            if (Stopwatch.GetElapsedTime(start) >= limit)
                return false;
            await Task.Delay(LookAgain);
        }
        return true;
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);
}
