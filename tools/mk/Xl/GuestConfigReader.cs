using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Mk.Boot;

namespace Mk.Xl;

/// <summary>
/// Turns an xl.cfg file into a <see cref="GuestConfig"/>. What the file asks for and cannot be had is a fault, never
/// ignored; all faults of a file are reported at once.
/// </summary>
public sealed class GuestConfigReader
{
    /// <summary>The most vCPUs that a domain can have under Xen's ABI for HVM guests.</summary>
    public const int MostVcpus = 128;

    /// <summary>The most memory of a domain: 1 TiB.</summary>
    public const long MostMemoryMiB = 1L << 20;

    /// <summary>The longest command line in bytes; Linux takes no more either.</summary>
    public const int LongestCommandLine = 2047;

    private readonly string _file;
    private readonly string _folder;
    private readonly List<Diagnostic> _faults;
    private readonly Dictionary<string, XlSetting> _settings;

    private GuestConfigReader(string file, IReadOnlyList<XlSetting> settings, List<Diagnostic> faults)
    {
        _file = file;
        _folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        _faults = faults;
        _settings = settings.ToDictionary(static s => s.Key);
    }

    /// <summary>Reads the guest that a file describes.</summary>
    /// <param name="file">The file's name; paths in it are relative to its folder.</param>
    /// <param name="text">Its text.</param>
    /// <param name="faults">Receives what is wrong, in the order of lines.</param>
    /// <returns>The guest, or null when there was a fault.</returns>
    public static GuestConfig? Read(string file, string text, List<Diagnostic> faults)
    {
        var found = new List<Diagnostic>();
        var reader = new GuestConfigReader(file, XlParser.Parse(file, text, found), found);
        GuestConfig guest = reader.Guest();
        faults.AddRange(found.OrderBy(static f => f.Line));
        return found.Count == 0 ? guest : null;
    }

    private GuestConfig Guest()
    {
        foreach (XlSetting setting in _settings.Values.Where(static s => !XlKeys.Supported.Contains(s.Key)))
            Fault(setting.Line, XlKeys.WhyRefused(setting.Key));
        CheckType();
        long memory = Integer("memory", 1, MostMemoryMiB) ?? Missing("memory", "memory in MiB, as in memory = 512");
        long vcpus = Integer("vcpus", 1, MostVcpus) ?? 1;
        CheckSame("maxmem", "memory", memory, MostMemoryMiB);
        CheckSame("maxvcpus", "vcpus", vcpus, MostVcpus);
        return new GuestConfig(
            Name(),
            FilePath("kernel") ?? MissingText("kernel", "a bzImage or an ELF image with a PVH note"),
            FilePath("ramdisk"),
            CommandLine(),
            memory,
            (int)vcpus,
            Action("on_poweroff", EndAction.Destroy),
            Action("on_reboot", EndAction.Restart),
            Action("on_crash", EndAction.Destroy),
            Integer("max_grant_version", 1, 2) == 2);
    }

    private void CheckType()
    {
        if (_settings.TryGetValue("builder", out XlSetting? builder))
            Fault(builder.Line, "'builder' is xl's old word and names PV and HVM guests only; write type = \"pvh\"");
        string? type = Text("type");
        if (type is null && !_settings.ContainsKey("type") && builder is null)
            Fault(0, "'type' is missing; xl would make a PV guest, which is not supported yet: write type = \"pvh\"");
        else if (type is "hvm" or "pv")
            Fault(Line("type"), $"guests of type \"{type}\" are not supported yet, only \"pvh\"");
        else if (type is not null and not "pvh")
            Fault(Line("type"), $"there is no guest type \"{type}\"; write type = \"pvh\"");
    }

    private string Name()
    {
        if (Text("name") is not { } name)
            return _settings.ContainsKey("name") ? "" : MissingText("name", "the domain's name");
        if (!BootManifest.IsName(name))
            Fault(Line("name"), $"'{name}' is no domain name: 1 to 63 of letters, digits, '.', '_' and '-'");
        return name;
    }

    /// <summary>As xl does: cmdline alone, or root= followed by extra.</summary>
    private string CommandLine()
    {
        string? root = Text("root");
        string line = string.Join(' ', new[] { root is null ? null : "root=" + root, Text("extra") }.Where(static s => s is not null));
        if (_settings.ContainsKey("cmdline"))
            line = Text("cmdline") ?? "";
        int at = Math.Max(Line("cmdline"), Line("extra"));
        if (line.Any(char.IsControl))
            Fault(at, "the command line has control characters");
        if (Encoding.UTF8.GetByteCount(line) > LongestCommandLine)
            Fault(at, $"the command line is longer than {LongestCommandLine} bytes");
        return line;
    }

    private string? FilePath(string key)
    {
        if (Text(key) is not { } text)
            return null;
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            Fault(Line(key), $"'{key}' names no file");
            return null;
        }
        return Path.GetFullPath(text, _folder);
    }

    private EndAction Action(string key, EndAction otherwise)
    {
        switch (Text(key))
        {
            case null:
                return otherwise;
            case "destroy":
                return EndAction.Destroy;
            case "restart":
                return EndAction.Restart;
            case "preserve":
                return EndAction.Preserve;
            case "rename-restart" or "coredump-destroy" or "coredump-restart" or "soft-reset":
                Fault(Line(key), $"{key} = \"{Text(key)}\" is not supported yet, only destroy, restart and preserve");
                return otherwise;
            default:
                Fault(Line(key), $"{key} = \"{Text(key)}\" is no action; write destroy, restart or preserve");
                return otherwise;
        }
    }

    private void CheckSame(string key, string other, long expected, long most)
    {
        if (Integer(key, 1, most) is { } value && value != expected)
            Fault(Line(key), $"{key} = {value} differs from {other} = {expected}, which is not supported yet");
    }

    private string? Text(string key)
    {
        if (!_settings.TryGetValue(key, out XlSetting? setting))
            return null;
        if (setting.Value is XlAtom atom)
            return atom.Text;
        Fault(setting.Line, $"'{key}' is one value, not a list");
        return null;
    }

    private long? Integer(string key, long least, long most)
    {
        if (Text(key) is not { } text)
            return null;
        if (ParseInteger(text) is not { } value)
            Fault(Line(key), $"{key} = {text} is not a number");
        else if (value < least || value > most)
            Fault(Line(key), $"{key} = {value} is out of range ({least} to {most})");
        else
            return value;
        return null;
    }

    /// <summary>Reads a number as C's strtol with base 0 does: decimal, octal with a 0, hexadecimal with 0x before it.</summary>
    private static long? ParseInteger(string text)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long h) ? h : null;
        if (text.Length > 1 && text[0] == '0')
            return text.Length < 20 && text.All(static c => c is >= '0' and <= '7') ? Convert.ToInt64(text, 8) : null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long d) ? d : null;
    }

    private long Missing(string key, string what)
    {
        MissingText(key, what);
        return 0;
    }

    private string MissingText(string key, string what)
    {
        if (!_settings.ContainsKey(key))
            Fault(0, $"'{key}' is missing: {what}");
        return "";
    }

    private int Line(string key) => _settings.TryGetValue(key, out XlSetting? setting) ? setting.Line : 0;

    private void Fault(int line, string message)
    {
        var fault = new Diagnostic(_file, line, message);
        if (!_faults.Contains(fault))
            _faults.Add(fault);
    }
}
