using System;
using System.Globalization;
using System.IO;

namespace Microkernel.XenStore.Bench;

/// <summary>
/// The time that the first threads of this process and of a daemon have been on a CPU. On one CPU that is what passes for them, without
/// what others take from them.
/// </summary>
internal sealed class CpuTime(int daemon)
{
    private readonly string _daemon = $"/proc/{daemon}/schedstat";
    private readonly string _own = $"/proc/{Environment.ProcessId}/schedstat";

    /// <summary>In seconds since the processes began.</summary>
    internal double Now => (Read(_daemon) + Read(_own)) / 1e9;

    private static double Read(string path) => double.Parse(File.ReadAllText(path).Split(' ')[0], CultureInfo.InvariantCulture);
}
