using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mk.Boot;

namespace Mk.Machine;

/// <summary>
/// Makes QEMU's arguments. QEMU runs inside the folder of the run, so all file names are short, relative and free of
/// the characters that QEMU's option syntax gives a meaning (',' in all of them, ' ' in -initrd).
/// </summary>
public static class QemuCommandLine
{
    /// <summary>File names inside the folder of the run.</summary>
    public const string CoreFile = "core.elf", CoreSerial = "com1", GuestSerial = "com2", Monitor = "qmp", LinkFile = "link";

    /// <summary>Core option that sends the guests' consoles, multiplexed, to the second serial port.</summary>
    public const string GuestsOnSecondPort = "guests=com2";

    // QEMU 10 ends with "Bad icount read" when the local APIC's timer is set by WRMSR.
    private const string CountableApic = ",-x2apic";

    /// <summary>The arguments that boot the core with its modules.</summary>
    public static IReadOnlyList<string> ForModules(MachineOptions options, BootSet set) =>
    [
        .. Machine(options),
        "-kernel", CoreFile,
        "-append", string.Join(' ', [GuestsOnSecondPort, .. options.CoreOptions]),
        "-initrd", string.Join(',', new[] { BootSet.ManifestName }.Concat(set.Modules.Select(static m => PlainName(m.Name)))),
    ];

    /// <summary>The arguments that boot the whole system: with a device whose memory is a file, by which the host talks to it.</summary>
    /// <param name="options">The machine.</param>
    /// <param name="set">The services.</param>
    /// <param name="linkBytes">The file's size; a device's memory is a power of two.</param>
    public static IReadOnlyList<string> ForSystem(MachineOptions options, BootSet set, long linkBytes) =>
    [
        .. ForModules(options, set),
        "-object", string.Create(CultureInfo.InvariantCulture, $"memory-backend-file,id={LinkFile},share=on,mem-path={LinkFile},size={linkBytes}"),
        "-device", $"ivshmem-plain,memdev={LinkFile}",
    ];

    /// <summary>The arguments that boot from a CD image, by BIOS or by the given UEFI firmware.</summary>
    public static IReadOnlyList<string> ForDisc(MachineOptions options, string isoPath, string? uefiFirmware) =>
    [
        .. Machine(options),
        .. uefiFirmware is null ? Array.Empty<string>() : ["-drive", $"if=pflash,format=raw,readonly=on,file={Escape(uefiFirmware)}"],
        "-drive", $"if=ide,media=cdrom,readonly=on,format=raw,file={Escape(isoPath)}",
        "-boot", "d",
    ];

    /// <summary>Doubles the commas of a value, as QEMU's option syntax wants.</summary>
    public static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    /// <summary>
    /// How many CPUs QEMU must emulate for so many that run guests: where there are several, the core leaves the first one
    /// alone (kernel/Platform/X64/Smp/GuestCpus.cs).
    /// </summary>
    public static int EmulatedCpus(int cpus) => cpus == 1 ? 1 : cpus + 1;

    private static List<string> Machine(MachineOptions options)
    {
        List<string> arguments =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-accel", options.Icount is null ? "tcg,thread=multi" : "tcg,thread=single",
            "-cpu", options.Icount is null ? options.Cpu : options.Cpu + CountableApic,
            "-smp", EmulatedCpus(options.Cpus).ToString(CultureInfo.InvariantCulture),
            "-m", string.Create(CultureInfo.InvariantCulture, $"{options.MemoryMiB}M"),
            .. Serial(CoreSerial),
            .. Serial(GuestSerial),
            "-chardev", $"socket,id={Monitor},path={Monitor}", "-mon", $"chardev={Monitor},mode=control",
        ];
        if (options.Icount is { } shift)
            arguments.AddRange(Counted(shift));
        arguments.AddRange(options.ExtraArguments);
        return arguments;
    }

    /// <summary>Time from instructions alone: idle time passes at once, and the clock of the day starts at a fixed date.</summary>
    private static string[] Counted(int shift) =>
        ["-icount", string.Create(CultureInfo.InvariantCulture, $"shift={shift},sleep=off"), "-rtc", "base=2026-01-01T00:00:00,clock=vm"];

    private static string[] Serial(string name) => ["-chardev", $"socket,id={name},path={name}", "-serial", $"chardev:{name}"];

    private static string PlainName(string name) =>
        BootManifest.IsName(name) ? name : throw new ArgumentException($"'{name}' is no module name", nameof(name));
}
