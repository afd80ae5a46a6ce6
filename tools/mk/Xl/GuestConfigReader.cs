using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Mk.Boot;
using Mk.Control;

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

    private const int LongestPoolName = 31;
    private const string NeedsSystem = "needs the whole system: 'mk create', or 'mk run' without --bare";

    private readonly SettingValues _values;
    private readonly string _folder;
    private readonly GuestScope _scope;

    private GuestConfigReader(SettingValues values, string file, GuestScope scope)
    {
        _values = values;
        _folder = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        _scope = scope;
    }

    /// <summary>Reads the guest that a file describes, for the whole system.</summary>
    public static GuestConfig? Read(string file, string text, List<Diagnostic> faults) => Read(file, text, [], GuestScope.System, faults);

    /// <summary>Reads the guest that a file describes.</summary>
    /// <param name="file">The file's name; paths in it are relative to its folder.</param>
    /// <param name="text">Its text.</param>
    /// <param name="words">Settings of the command line, which count more.</param>
    /// <param name="scope">What will run it.</param>
    /// <param name="faults">Receives what is wrong, in the order of lines.</param>
    /// <returns>The guest, or null when there was a fault.</returns>
    public static GuestConfig? Read(string file, string text, IReadOnlyList<string> words, GuestScope scope, List<Diagnostic> faults)
    {
        var found = new List<Diagnostic>();
        var values = new SettingValues(file, XlParser.Parse(file, text, words, found), found);
        GuestConfig guest = new GuestConfigReader(values, file, scope).Guest();
        faults.AddRange(found.OrderBy(static f => f.Line));
        return found.Count == 0 ? guest : null;
    }

    private GuestConfig Guest()
    {
        CheckKeys();
        CheckType();
        long memory = _values.Integer("memory", 1, MostMemoryMiB) ?? _values.Missing("memory", "memory in MiB, as in memory = 512", 0L);
        long vcpus = _values.Integer("vcpus", 1, MostVcpus) ?? 1;
        return new GuestConfig(
            Name(),
            FilePath("kernel") ?? _values.Missing("kernel", "a bzImage or an ELF image with a PVH note", ""),
            FilePath("ramdisk"),
            CommandLine(),
            memory,
            (int)vcpus,
            Action("on_poweroff", EndAction.Destroy),
            Action("on_reboot", EndAction.Restart),
            Action("on_crash", EndAction.Destroy),
            _values.Integer("max_grant_version", 1, 2) == 2)
        {
            MaximumMemoryMiB = Maximum("maxmem", "memory", memory, MostMemoryMiB),
            MaximumVcpus = (int)Maximum("maxvcpus", "vcpus", vcpus, MostVcpus),
            Uuid = Uuid(),
            CpuWeight = (uint?)_values.Integer("cpu_weight", 1, ushort.MaxValue),
            CpuCap = (uint?)_values.Integer("cap", 0, 100 * MostVcpus),
            CpuPin = Pin(),
            CpuPool = Pool(),
        };
    }

    private void CheckKeys()
    {
        foreach (string key in _values.Keys.Where(static k => !XlKeys.Supported.Contains(k)))
            _values.Fault(key, XlKeys.WhyRefused(key));
        foreach (string key in _values.Keys.Where(k => _scope == GuestScope.Core && XlKeys.OfSystem.Contains(k)))
            _values.Fault(key, $"'{key}' {NeedsSystem}");
    }

    private void CheckType()
    {
        bool hasBuilder = _values.Has("builder");
        if (hasBuilder)
            _values.Fault("builder", "'builder' is xl's old word and names PV and HVM guests only; write type = \"pvh\"");
        string? type = _values.Text("type");
        if (type is null && !_values.Has("type") && !hasBuilder)
            _values.Fault("type", "'type' is missing; xl would make a PV guest, which is not supported yet: write type = \"pvh\"");
        else if (type is "hvm" or "pv")
            _values.Fault("type", $"guests of type \"{type}\" are not supported yet, only \"pvh\"");
        else if (type is not null and not "pvh")
            _values.Fault("type", $"there is no guest type \"{type}\"; write type = \"pvh\"");
    }

    private string Name()
    {
        if (_values.Text("name") is not { } name)
            return _values.Missing("name", "the domain's name", "");
        if (!BootManifest.IsName(name))
            _values.Fault("name", $"'{name}' is no domain name: 1 to 63 of letters, digits, '.', '_' and '-'");
        else if (_scope == GuestScope.System && name.All(char.IsAsciiDigit))
            _values.Fault("name", $"'{name}' would be taken for a domain's number; add a letter");
        return name;
    }

    /// <summary>As xl does: cmdline alone, or root= followed by extra.</summary>
    private string CommandLine()
    {
        string? root = _values.Text("root");
        string line = string.Join(' ', new[] { root is null ? null : "root=" + root, _values.Text("extra") }.Where(static s => s is not null));
        if (_values.Has("cmdline"))
            line = _values.Text("cmdline") ?? "";
        string key = new[] { "cmdline", "extra", "root" }.FirstOrDefault(_values.Has, "cmdline");
        if (line.Any(char.IsControl))
            _values.Fault(key, "the command line has control characters");
        if (Encoding.UTF8.GetByteCount(line) > LongestCommandLine)
            _values.Fault(key, $"the command line is longer than {LongestCommandLine} bytes");
        return line;
    }

    private string? FilePath(string key)
    {
        if (_values.Text(key) is not { } text)
            return null;
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            _values.Fault(key, $"'{key}' names no file");
            return null;
        }
        return Path.GetFullPath(text, _folder);
    }

    private EndAction Action(string key, EndAction otherwise)
    {
        switch (_values.Text(key))
        {
            case null:
                return otherwise;
            case "destroy":
                return EndAction.Destroy;
            case "restart":
                return EndAction.Restart;
            case "preserve":
                return EndAction.Preserve;
            case "rename-restart" when _scope == GuestScope.System:
                return EndAction.RenameRestart;
            case "rename-restart":
                _values.Fault(key, $"{key} = \"rename-restart\" {NeedsSystem}");
                return otherwise;
            case "coredump-destroy" or "coredump-restart" or "soft-reset":
                _values.Fault(key, $"{key} = \"{_values.Text(key)}\" is not supported yet, only destroy, restart, rename-restart and preserve");
                return otherwise;
            default:
                _values.Fault(key, $"{key} = \"{_values.Text(key)}\" is no action; write destroy, restart, rename-restart or preserve");
                return otherwise;
        }
    }

    private long Maximum(string key, string other, long least, long most)
    {
        if (_values.Integer(key, 1, most) is not { } value)
            return least;
        if (value < least)
            _values.Fault(key, $"{key} = {value} is less than {other} = {least}");
        else if (value > least && _scope == GuestScope.Core)
            _values.Fault(key, $"{key} = {value} is more than {other} = {least}, which {NeedsSystem}");
        return value;
    }

    private ulong Pin()
    {
        if (_values.IsList("cpus"))
        {
            _values.Fault("cpus", "'cpus' for each vCPU by itself is not supported yet: write one set for all of them, such as cpus = \"1,3-5\"");
            return 0;
        }

        if (_values.Text("cpus") is not { } text)
            return 0;
        if (SchedText.TryParsePin(text, out ulong pin))
            return pin;
        _values.Fault("cpus", $"'{text}' is no set of CPUs: write it as \"1,3-5\", \"1-7,^4\" or \"all\"");
        return 0;
    }

    private string Pool()
    {
        if (_values.Text("pool") is not { } name)
            return "";
        if (name.Length > LongestPoolName || !BootManifest.IsName(name))
            _values.Fault("pool", $"'{name}' is no pool's name: 1 to {LongestPoolName} of letters, digits, '.', '_' and '-'; 'mk sched pools' shows which there are");
        return name;
    }

    private Guid? Uuid()
    {
        if (_values.Text("uuid") is not { } text)
            return null;
        if (Guid.TryParseExact(text, "D", out Guid uuid) && uuid != Guid.Empty)
            return uuid;
        _values.Fault("uuid", $"'{text}' is no UUID, such as 5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001");
        return null;
    }
}
