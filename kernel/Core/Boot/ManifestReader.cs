using System;
using Microkernel.Core.Domains;
using static Microkernel.Core.Boot.ManifestText;

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

    private const int LongestCommandLine = 2047;

    private readonly byte[] _text;
    private readonly BootModule[] _modules;
    private readonly Manifest _manifest;
    private readonly ServiceDirectives _services;
    private int _line;
    private int _count;
    private int _domainLine;
    private DomainConfig? _domain;

    private ManifestReader(byte[] text, BootModule[] modules)
    {
        _text = text;
        _modules = modules;
        _manifest = new Manifest();
        _manifest.Domains = new DomainConfig[Math.Min(CountLines(text, "domain"u8) + CountLines(text, "service"u8), MostDomains)];
        _services = new ServiceDirectives(_manifest, CountLines(text, "ring"u8));
    }

    /// <summary>Reads <paramref name="text"/>; modules are named as in <paramref name="modules"/>.</summary>
    public static Manifest Read(byte[] text, BootModule[] modules)
    {
        ManifestReader reader = new(text, modules);
        reader.ReadAll();
        return reader._manifest;
    }

    private static int CountLines(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        int count = 0;
        while (text.Length > 0)
        {
            ReadOnlySpan<byte> rest = Trim(TakeLine(ref text));
            count += Equal(TakeWord(ref rest), word) ? 1 : 0;
        }

        return count;
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
        _services.Finish(_manifest.Domains.AsSpan(0, _count));
        if (_count == 0)
            _manifest.AddError(0, "no domain: start one with a line 'domain NAME'");
    }

    private void ReadDirective(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> word = TakeWord(ref line);
        ReadOnlySpan<byte> value = Trim(line);
        bool isService = Equal(word, "service"u8);
        if (isService || Equal(word, "domain"u8))
        {
            FinishDomain();
            StartDomain(value, isService);
        }
        else if (_domain == null)
        {
            if (!ReadRoom(word, value))
                Fail("a line 'domain NAME' or 'service NAME' must come first; before it only slots and slot_vcpus");
        }
        else if (!ReadImage(_domain, word, value) && !ReadSize(_domain, word, value) && !ReadOption(_domain, word, value)
            && !_services.TryRead(_domain, (ushort)_count, _line, word, value))
        {
            Fail("unknown word; known are domain, service, kernel, ramdisk, cmdline, memory, vcpus, weight, on_poweroff, on_reboot, on_crash, "
                + "grant_v2, privilege, ring, kept, device");
        }
    }

    // Room for domains beside those of the manifest.
    private bool ReadRoom(ReadOnlySpan<byte> word, ReadOnlySpan<byte> value)
    {
        bool isSlots = Equal(word, "slots"u8);
        if (!isSlots && !Equal(word, "slot_vcpus"u8))
            return false;

        long count = ParseNumber(value);
        if (count is < 0 or > MostDomains)
            Fail("slots and slot_vcpus are numbers from 0 to 1024");
        else if (isSlots)
            _manifest.Slots = (int)count;
        else
            _manifest.SlotVcpus = (int)count;

        return true;
    }

    private void StartDomain(ReadOnlySpan<byte> name, bool isService)
    {
        if (_count == _manifest.Domains.Length)
        {
            Fail("too many domains: at most 1024");
            _domain = null;
            return;
        }

        _domain = new DomainConfig { Name = name.ToArray(), IsService = isService };
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
        else if (Equal(word, "weight"u8))
        {
            long weight = ParseNumber(value);
            domain.Weight = weight is >= 1 and <= ushort.MaxValue ? (int)weight : DomainConfig.DefaultWeight;
            if (weight != domain.Weight)
                Fail("weight is a number from 1 to 65535");
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
}
