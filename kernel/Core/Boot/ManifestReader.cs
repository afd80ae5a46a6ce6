using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Boot;

/// <summary>Reads the boot manifest. Runs once at start, so it may allocate; the text is from the boot loader and may be anything.</summary>
public sealed class ManifestReader
{
    /// <summary>Most vCPUs of a domain: their APIC ids are twice their numbers, in a byte.</summary>
    public const int MostVcpus = 128;

    /// <summary>Most domains of a manifest.</summary>
    public const int MostDomains = 1024;

    /// <summary>Largest memory of a domain in frames: 1 TiB.</summary>
    public const long MostFrames = 1L << 28;

    private const int LongestName = 63;
    private const int LongestCommandLine = 2047;

    private readonly byte[] _text;
    private readonly BootModule[] _modules;
    private readonly Manifest _manifest;
    private int _line;
    private int _count;
    private int _domainLine;
    private DomainConfig? _domain;

    private ManifestReader(byte[] text, BootModule[] modules)
    {
        _text = text;
        _modules = modules;
        _manifest = new Manifest();
        _manifest.Domains = new DomainConfig[CountDomains(text)];
    }

    /// <summary>Reads <paramref name="text"/>; modules are named as in <paramref name="modules"/>.</summary>
    public static Manifest Read(byte[] text, BootModule[] modules)
    {
        ManifestReader reader = new(text, modules);
        reader.ReadAll();
        return reader._manifest;
    }

    private static int CountDomains(ReadOnlySpan<byte> text)
    {
        int count = 0;
        while (text.Length > 0)
        {
            ReadOnlySpan<byte> rest = Trim(TakeLine(ref text));
            count += Equal(TakeWord(ref rest), "domain"u8) ? 1 : 0;
        }

        return Math.Min(count, MostDomains);
    }

    private void ReadAll()
    {
        ReadOnlySpan<byte> rest = _text;
        while (rest.Length > 0)
        {
            _line++;
            ReadOnlySpan<byte> line = Trim(TakeLine(ref rest));
            if (line.Length != 0 && line[0] != '#')
                ReadDirective(line);
        }

        FinishDomain();
        if (_count == 0)
            _manifest.AddError(0, "no domain: start one with a line 'domain NAME'");
    }

    private void ReadDirective(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> word = TakeWord(ref line);
        ReadOnlySpan<byte> value = Trim(line);
        if (Equal(word, "domain"u8))
        {
            FinishDomain();
            StartDomain(value);
        }
        else if (_domain == null)
        {
            Fail("a line 'domain NAME' must come first");
        }
        else if (!ReadImage(_domain, word, value) && !ReadSize(_domain, word, value) && !ReadOption(_domain, word, value))
        {
            Fail("unknown word; known are domain, kernel, ramdisk, cmdline, memory, vcpus, on_poweroff, on_reboot, on_crash, grant_v2, privilege");
        }
    }

    private void StartDomain(ReadOnlySpan<byte> name)
    {
        if (_count == _manifest.Domains.Length)
        {
            Fail("too many domains: at most 1024");
            _domain = null;
            return;
        }

        _domain = new DomainConfig { Name = name.ToArray() };
        _domainLine = _line;
        if (!IsName(name))
            Fail("a name is 1 to 63 letters, digits, '.', '_' or '-'");

        for (int i = 0; i < _count; i++)
        {
            if (Equal(_manifest.Domains[i].Name, name))
                Fail("another domain has this name");
        }

        _manifest.Domains[_count++] = _domain;
    }

    private void FinishDomain()
    {
        if (_domain == null)
            return;

        if (_domain.KernelModule < 0)
            _manifest.AddError(_domainLine, "the domain has no kernel: add a line 'kernel MODULE'");

        if (_domain.MemoryFrames == 0)
            _manifest.AddError(_domainLine, "the domain has no memory: add a line like 'memory 512M'");
    }

    private bool ReadImage(DomainConfig domain, ReadOnlySpan<byte> word, ReadOnlySpan<byte> value)
    {
        if (Equal(word, "kernel"u8))
        {
            domain.KernelModule = FindModule(value);
        }
        else if (Equal(word, "ramdisk"u8))
        {
            domain.RamdiskModule = FindModule(value);
        }
        else if (Equal(word, "cmdline"u8))
        {
            domain.CommandLine = value.Slice(0, Math.Min(value.Length, LongestCommandLine)).ToArray();
            if (value.Length > LongestCommandLine)
                Fail("the command line is longer than 2047 bytes");
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadSize(DomainConfig domain, ReadOnlySpan<byte> word, ReadOnlySpan<byte> value)
    {
        if (Equal(word, "memory"u8))
        {
            long kib = ParseKibibytes(value);
            domain.MemoryFrames = kib / 4;
            if (kib < 1024 || kib % 4 != 0 || kib / 4 > MostFrames)
                Fail("memory is a number with K, M or G, a multiple of 4K from 1M to 1024G");
        }
        else if (Equal(word, "vcpus"u8))
        {
            long count = ParseNumber(value);
            domain.VcpuCount = count is >= 1 and <= MostVcpus ? (int)count : 1;
            if (count != domain.VcpuCount)
                Fail("vcpus is a number from 1 to 128");
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool ReadOption(DomainConfig domain, ReadOnlySpan<byte> word, ReadOnlySpan<byte> value)
    {
        if (Equal(word, "on_poweroff"u8))
        {
            domain.OnPoweroff = ParseAction(value);
        }
        else if (Equal(word, "on_reboot"u8))
        {
            domain.OnReboot = ParseAction(value);
        }
        else if (Equal(word, "on_crash"u8))
        {
            domain.OnCrash = ParseAction(value);
        }
        else if (Equal(word, "grant_v2"u8))
        {
            domain.GrantV2 = Equal(value, "on"u8);
            if (!domain.GrantV2 && !Equal(value, "off"u8))
                Fail("grant_v2 is on or off");
        }
        else if (Equal(word, "privilege"u8))
        {
            Fail("no privilege exists yet that a domain could be given");
        }
        else
        {
            return false;
        }

        return true;
    }

    private EndAction ParseAction(ReadOnlySpan<byte> value)
    {
        if (Equal(value, "restart"u8))
            return EndAction.Restart;

        if (Equal(value, "preserve"u8))
            return EndAction.Preserve;

        if (!Equal(value, "destroy"u8))
            Fail("the action is destroy, restart or preserve");

        return EndAction.Destroy;
    }

    private int FindModule(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _modules.Length; i++)
        {
            if (name.Length != 0 && Equal(_modules[i].Name, name))
                return i;
        }

        Fail("the boot loader has loaded no module of this name");
        return -1;
    }

    private void Fail(string message) => _manifest.AddError(_line, message);

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (byte c in name)
        {
            bool isLetter = (c | 0x20) is >= (byte)'a' and <= (byte)'z';
            if (!isLetter && c is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.' or (byte)'_' or (byte)'-'))
                return false;
        }

        return name.Length is >= 1 and <= LongestName;
    }

    private static long ParseKibibytes(ReadOnlySpan<byte> value)
    {
        int shift = value.Length == 0 ? -1 : (value[^1] | 0x20) switch
        {
            'k' => 0,
            'm' => 10,
            'g' => 20,
            _ => -1,
        };
        long number = shift < 0 ? -1 : ParseNumber(value.Slice(0, value.Length - 1));
        return number < 0 ? -1 : number << shift;
    }

    // At most nine digits, so that no shift overflows; -1 for anything else.
    private static long ParseNumber(ReadOnlySpan<byte> value)
    {
        long number = 0;
        foreach (byte c in value)
        {
            if (c is < (byte)'0' or > (byte)'9' || number >= 100_000_000)
                return -1;

            number = (number * 10) + (c - '0');
        }

        return value.Length == 0 ? -1 : number;
    }

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? rest : rest.Slice(0, end);
        rest = end < 0 ? default : rest.Slice(end + 1);
        return line;
    }

    private static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> rest)
    {
        int end = 0;
        while (end < rest.Length && !IsBlank(rest[end]))
            end++;

        ReadOnlySpan<byte> word = rest.Slice(0, end);
        rest = rest.Slice(end);
        return word;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0 && IsBlank(text[0]))
            text = text.Slice(1);

        while (text.Length > 0 && IsBlank(text[^1]))
            text = text.Slice(0, text.Length - 1);

        return text;
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or 0;

    private static bool Equal(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => a.SequenceEqual(b);
}
