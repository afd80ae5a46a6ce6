using System;
using System.Collections.Generic;

namespace Mk.Machine;

/// <summary>The machine that QEMU makes for one run.</summary>
public sealed record MachineOptions
{
    /// <summary>QEMU's program, a name on PATH or a path.</summary>
    public string Qemu { get; init; } = "qemu-system-x86_64";

    /// <summary>
    /// QEMU's CPU model. A CPU that promises quick copies of bytes (ERMS) is given them by Linux and the C library, and emulation copies
    /// one byte at a time.
    /// </summary>
    public string Cpu { get; init; } = "max,-erms";

    /// <summary>Number of CPUs that run guests.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>Memory in MiB.</summary>
    public long MemoryMiB { get; init; } = 3072;

    /// <summary>Count instructions, each 2^N ns long; null for real time.</summary>
    public int? Icount { get; init; }

    /// <summary>Words of the core's own command line.</summary>
    public IReadOnlyList<string> CoreOptions { get; init; } = [];

    /// <summary>Further QEMU arguments, as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Wall-clock limit of the run; null for none.</summary>
    public TimeSpan? TimeLimit { get; init; }
}
