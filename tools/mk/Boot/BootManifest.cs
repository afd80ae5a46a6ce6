using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Mk.Boot;

/// <summary>Writes the text that tells the core which domains to start (docs/manifest.md).</summary>
public static class BootManifest
{
    // For guests that make others; a system of services says itself what it needs.
    private const int SlotsForBuilder = 8, VcpusForBuilder = 16;

    /// <summary>Whether <paramref name="text"/> can name a domain.</summary>
    public static bool IsName(string text) =>
        text.Length is >= 1 and <= 63 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>The manifest of the given domains, in their order.</summary>
    /// <exception cref="ArgumentException">A name or a command line cannot be written, or two names are equal.</exception>
    public static string Write(IReadOnlyList<ManifestDomain> domains)
    {
        var text = new StringBuilder("# Written by mk. docs/manifest.md explains the format.\n");
        var names = new HashSet<string>();
        if (domains.Any(static d => d.Guest.ServiceLines != null))
            text.Append($"slots {SlotsForBuilder}\nslot_vcpus {VcpusForBuilder}\n");
        foreach (ManifestDomain domain in domains)
        {
            if (!IsName(domain.Guest.Name) || !names.Add(domain.Guest.Name))
                throw new ArgumentException($"bad or repeated domain name '{domain.Guest.Name}'", nameof(domains));
            if (domain.Guest.CommandLine.Any(char.IsControl))
                throw new ArgumentException($"control character in the command line of '{domain.Guest.Name}'", nameof(domains));
            Append(text, domain);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, ManifestDomain domain)
    {
        GuestConfig guest = domain.Guest;
        text.Append($"domain {guest.Name}\n");
        text.Append($"  kernel {domain.KernelModule}\n");
        if (domain.RamdiskModule is { } ramdisk)
            text.Append($"  ramdisk {ramdisk}\n");
        if (guest.CommandLine.Trim().Length > 0)
            text.Append($"  cmdline {guest.CommandLine.Trim()}\n");
        text.Append($"  memory {guest.MemoryMiB}M\n");
        text.Append($"  vcpus {guest.Vcpus}\n");
        text.Append($"  on_poweroff {Word(guest.OnPoweroff)}\n");
        text.Append($"  on_reboot {Word(guest.OnReboot)}\n");
        text.Append($"  on_crash {Word(guest.OnCrash)}\n");
        if (guest.GrantV2)
            text.Append("  grant_v2 on\n");
        foreach (string line in guest.ServiceLines ?? [])
            text.Append($"  {line}\n");
    }

    private static string Word(EndAction action) => action.ToString().ToLowerInvariant();
}
