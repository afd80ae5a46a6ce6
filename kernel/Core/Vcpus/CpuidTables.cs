using System;
using System.Numerics;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// What CPUID answers alike for all vCPUs of a domain: made once, at start, from the host's answers and <see cref="CpuidMask"/>. vCPU n has
/// the APIC id 2n, all of them are single-threaded cores of one package.
/// </summary>
public sealed class CpuidTables
{
    internal const uint ExtendedBase = 0x8000_0000;
    internal const ulong AvxComponent = 1 << 2;
    internal const ulong WideComponents = 7 << 5;
    internal const ulong PkruComponent = 1 << 9;
    private const uint LargestBasic = 0xD;
    private const uint LargestExtended = 0x8000_0021;
    private const int CacheLeaves = 4;
    private const int XsaveLeaves = 10;
    private const uint Xsave = 1u << 26;
    private const uint Rdtscp = 1u << 27;
    private const uint Pku = 1u << 3;
    private const uint MultipleThreads = 1u << 28;
    private const uint Topology = 0xFFFF_C000;
    private const uint LinearAddressBits = 48;
    private const uint LargestPhysicalBits = 48;

    private readonly Machine _machine;
    private uint _vcpus;

    /// <summary>The answers for a domain with <paramref name="vcpus"/> vCPUs on the CPU of <paramref name="machine"/>.</summary>
    public CpuidTables(Machine machine, int vcpus)
    {
        _machine = machine;
        Basic = new CpuidResult[Math.Min(machine.Cpuid(0, 0).Eax, LargestBasic) + 1];
        uint largest = Math.Min(machine.Cpuid(ExtendedBase, 0).Eax, LargestExtended);
        Extended = new CpuidResult[largest >= ExtendedBase ? largest - ExtendedBase + 1 : 0];
        Copy([0, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8, 0x19, 0x1A, 0x21]);
        FillXsave();
        FillFeatures();
        FillExtendedFeatures();
        FillCaches();
        Fit(vcpus);
    }

    /// <summary>Leaves from 0 on.</summary>
    public CpuidResult[] Basic { get; }

    /// <summary>Leaves from 80000000 on.</summary>
    public CpuidResult[] Extended { get; }

    /// <summary>Subleaves of leaf 4.</summary>
    public CpuidResult[] Caches { get; } = new CpuidResult[CacheLeaves];

    /// <summary>Subleaf 1 of leaf 7.</summary>
    public CpuidResult StructuredSubleaf1 { get; private set; }

    /// <summary>Subleaves of leaf 0xD, but for the sizes that depend on XCR0.</summary>
    public CpuidResult[] XsaveParts { get; } = new CpuidResult[XsaveLeaves];

    /// <summary>The components that XCR0 may enable; 0 without XSAVE.</summary>
    public ulong Components { get; private set; }

    /// <summary>Bits of an APIC id that tell the vCPUs apart.</summary>
    public int IdBits => BitOperations.Log2((2 * _vcpus) - 1) + 1;

    /// <summary>vCPUs of the domain.</summary>
    public uint VcpuCount => _vcpus;

    /// <summary>Guests see RDTSCP.</summary>
    public bool HasRdtscp => Extended.Length > 1 && (Extended[1].Edx & Rdtscp) != 0;

    /// <summary>What depends on how many vCPUs the domain has: each has two APIC ids.</summary>
    public void Fit(int vcpus)
    {
        _vcpus = (uint)vcpus;
        if (Basic.Length >= 2)
        {
            ref CpuidResult features = ref Basic[1];
            features.Edx = (features.Edx & ~MultipleThreads) | (vcpus > 1 ? MultipleThreads : 0);
            features.Ebx = (features.Ebx & 0xFF00) | (Math.Min(2 * _vcpus, 255) << 16);
        }

        if (Extended.Length > 8)
            Extended[8].Ecx = ((uint)IdBits << 12) | Math.Min((2 * _vcpus) - 1, 255);

        // Each cache belongs to one vCPU; the package has as many ids as the vCPUs take.
        foreach (ref CpuidResult cache in Caches.AsSpan())
            cache.Eax = cache.Eax == 0 ? 0 : (cache.Eax & ~Topology) | (Math.Min((1u << IdBits) - 1, 63) << 26);
    }

    private void Copy(ReadOnlySpan<uint> basic, ReadOnlySpan<uint> extended)
    {
        foreach (uint leaf in basic)
        {
            if (leaf < Basic.Length)
                Basic[leaf] = _machine.Cpuid(leaf, 0);
        }

        foreach (uint leaf in extended)
        {
            if (leaf < Extended.Length)
                Extended[leaf] = _machine.Cpuid(ExtendedBase + leaf, 0);
        }

        Basic[0].Eax = (uint)Basic.Length - 1;
        if (Extended.Length != 0)
        {
            // AMD repeats the vendor's name here.
            Extended[0] = _machine.Cpuid(ExtendedBase, 0);
            Extended[0].Eax = ExtendedBase + (uint)Extended.Length - 1;
        }
    }

    private void FillXsave()
    {
        bool present = Basic.Length > 0xD && (_machine.Cpuid(1, 0).Ecx & Xsave) != 0;
        if (!present)
            return;

        CpuidResult host = _machine.Cpuid(0xD, 0);
        Components = (((ulong)host.Edx << 32) | host.Eax) & CpuidMask.XsaveComponents;
        if ((Components & WideComponents) != WideComponents || (Components & AvxComponent) == 0)
            Components &= ~WideComponents;

        XsaveParts[0].Eax = (uint)Components;
        XsaveParts[1].Eax = _machine.Cpuid(0xD, 1).Eax & CpuidMask.XsaveInstructions;
        for (int i = 2; i < XsaveLeaves; i++)
        {
            if ((Components >> i & 1) != 0)
                XsaveParts[i] = _machine.Cpuid(0xD, (uint)i);
        }
    }

    private void FillFeatures()
    {
        if (Basic.Length < 2)
            return;

        ref CpuidResult features = ref Basic[1];
        features.Ecx = (features.Ecx & CpuidMask.Leaf1C & ~Missing(CpuidMask.Leaf1CAvx)) | CpuidMask.Leaf1CEmulated;
        features.Ecx &= Components != 0 ? uint.MaxValue : ~Xsave;
        features.Edx = (features.Edx & CpuidMask.Leaf1D) | CpuidMask.Leaf1DEmulated;
        if (Basic.Length > 7)
            FillStructuredFeatures();
    }

    private void FillStructuredFeatures()
    {
        bool wide = (Components & WideComponents) != 0;
        CpuidResult host = _machine.Cpuid(7, 0);
        ref CpuidResult features = ref Basic[7];
        features.Eax = Math.Min(host.Eax, 1);
        features.Ebx = host.Ebx & (CpuidMask.Leaf7B | (wide ? CpuidMask.Leaf7BWide : 0)) & ~Missing(CpuidMask.Leaf7BAvx);
        features.Ecx = host.Ecx & (CpuidMask.Leaf7C | (wide ? CpuidMask.Leaf7CWide : 0)) & ~Missing(CpuidMask.Leaf7CAvx);
        features.Ecx &= (Components & PkruComponent) != 0 ? uint.MaxValue : ~Pku;
        features.Edx = host.Edx & CpuidMask.Leaf7D;
        if (features.Eax != 0)
            StructuredSubleaf1 = new CpuidResult { Eax = _machine.Cpuid(7, 1).Eax & CpuidMask.Leaf7Sub1A & ~Missing(0x10) };
    }

    private void FillExtendedFeatures()
    {
        if (Extended.Length > 1)
        {
            ref CpuidResult features = ref Extended[1];
            features.Ecx &= CpuidMask.Extended1C & ~Missing(CpuidMask.Extended1CAvx);
            bool repeats = (features.Edx & 1) != 0;
            features.Edx = (features.Edx & CpuidMask.Extended1D) | (repeats ? CpuidMask.Extended1DEmulated : 0);
        }

        if (Extended.Length > 7)
            Extended[7] = new CpuidResult { Edx = Extended[7].Edx & CpuidMask.Extended7D };

        if (Extended.Length > 8)
        {
            uint physical = Math.Min(Extended[8].Eax & 0xFF, LargestPhysicalBits);
            Extended[8].Eax = physical | (LinearAddressBits << 8);
            Extended[8].Ebx &= CpuidMask.Extended8B;
            Extended[8].Edx = 0;
        }

        if (Extended.Length > 0x21)
            Extended[0x21] = new CpuidResult { Eax = Extended[0x21].Eax & CpuidMask.Extended21A };
    }

    private void FillCaches()
    {
        if (Basic.Length <= 4)
            return;

        for (int i = 0; i < CacheLeaves; i++)
        {
            CpuidResult cache = _machine.Cpuid(4, (uint)i);
            if ((cache.Eax & 0x1F) == 0)
                return;

            Caches[i] = cache;
        }
    }

    private uint Missing(uint features) => (Components & AvxComponent) != 0 ? 0 : features;
}
