using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;
using Mk.Xl;

namespace Mk.Commands;

/// <summary>Reads the configuration files named on the command line and makes the images they need.</summary>
public static class GuestFiles
{
    /// <summary>Memory that a host needs beside guests and modules, in MiB: the core, firmware, page tables.</summary>
    private const long HostReserveMiB = 256;

    /// <summary>The guests of some files. All faults of all files are reported together.</summary>
    /// <param name="files">The files.</param>
    /// <param name="scope">What will run them.</param>
    /// <param name="words">Settings of the command line, which count more than those of the files.</param>
    /// <exception cref="MkException">A file cannot be read, or something in it is wrong.</exception>
    public static IReadOnlyList<GuestConfig> Read(IEnumerable<string> files, GuestScope scope, params IReadOnlyList<string> words)
    {
        List<Diagnostic> faults = [];
        List<GuestConfig> guests = [];
        foreach (string file in files)
        {
            if (ReadOne(file, scope, words, faults) is not { } guest)
                continue;
            if (guests.Exists(g => g.Name == guest.Name))
                faults.Add(new(file, 0, $"there is a guest named '{guest.Name}' already"));
            guests.Add(guest);
        }
        if (guests.Count > ConsoleMultiplexer.MostGuests)
            faults.Add(new("mk", 0, $"more than {ConsoleMultiplexer.MostGuests} guests at once"));
        if (faults.Count > 0)
            throw new MkException(ExitCode.Usage, string.Join('\n', faults));
        foreach (string? path in guests.SelectMany(static g => new[] { g.KernelPath, g.RamdiskPath }).Distinct())
        {
            if (path is not null)
                ImageStore.Ensure(path);
        }
        return guests;
    }

    /// <summary>What a host needs for these guests, in MiB.</summary>
    public static long HostMemoryMiB(IReadOnlyList<GuestConfig> guests, BootSet set) =>
        guests.Sum(static g => g.MemoryMiB) + (set.ModuleBytes() >> 20) + HostReserveMiB;

    private static GuestConfig? ReadOne(string file, GuestScope scope, IReadOnlyList<string> words, List<Diagnostic> faults)
    {
        try
        {
            return GuestConfigReader.Read(file, File.ReadAllText(file), words, scope, faults);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new(file, 0, $"cannot be read: {e.Message}"));
            return null;
        }
    }
}
