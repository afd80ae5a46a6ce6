using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Time;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Answers CPUID for the vCPUs of a domain: <see cref="CpuidTables"/> with what depends on the vCPU and its state, and Xen's own leaves
/// (xen/arch-x86/cpuid.h). Leaves that do not exist are all zero, as on AMD's CPUs and on Xen.
/// </summary>
public sealed class CpuidPolicy
{
    // The basic leaves whose answer depends on the vCPU or the subleaf; no table has more than 64.
    private const ulong VariableLeaves = 1UL << 1 | 1UL << 4 | 1UL << 7 | 1UL << 0xB | 1UL << 0xD;

    private const uint XenBase = 0x4000_0000;
    private const uint XenLast = 0x4000_0005;
    private const uint XenVersion = (4 << 16) | 17;
    private const uint HypercallPageMsr = 0x4000_0000;
    private const uint HvmFeatures = 0x1C; // IOMMU mappings, vCPU id, domain id
    private const uint TscIsReliable = 1 << 1;
    private const uint HasRdtscp = 1 << 2;
    private const uint OsXsave = 1u << 27;
    private const uint Apic = 1u << 9;
    private const uint OsPke = 1u << 4;
    private const ulong Cr4OsXsave = 1UL << 18;
    private const ulong Cr4ProtectionKeys = 1UL << 22;
    private const uint ThreadLevel = 1 << 8;
    private const uint CoreLevel = 2 << 8;
    private const int LegacyAreaSize = 576;
    private const uint AlignedComponent = 1 << 1;

    private readonly CpuidTables _tables;

    /// <summary>The policy of a domain slot. Only during start-up: it allocates.</summary>
    public CpuidPolicy(Domain domain) => _tables = new CpuidTables(domain.Kernel.Machine, domain.MostVcpus);

    /// <summary>A new domain has so many vCPUs.</summary>
    public void Fit(int vcpus) => _tables.Fit(vcpus);

    /// <summary>What CPUID answers on <paramref name="vcpu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read(Vcpu vcpu, uint leaf, uint subleaf, out CpuidResult result)
    {
        if (leaf < (uint)_tables.Basic.Length)
        {
            result = _tables.Basic[(int)leaf];
            if ((VariableLeaves >> (int)leaf & 1) != 0)
                Adjust(vcpu, leaf, subleaf, ref result);
        }
        else if (leaf - CpuidTables.ExtendedBase < (uint)_tables.Extended.Length)
        {
            result = _tables.Extended[(int)(leaf - CpuidTables.ExtendedBase)];
            if (leaf == CpuidTables.ExtendedBase + 1 && vcpu.Apic.Mode == ApicMode.Disabled)
                result.Edx &= ~Apic;
        }
        else
        {
            result = default;
            if (leaf - XenBase <= XenLast - XenBase)
                ReadXen(vcpu, leaf, subleaf, ref result);
        }
    }

    /// <summary>The guest may put this value into XCR0.</summary>
    public bool IsXcr0Allowed(ulong value)
    {
        const ulong X87 = 1;
        const ulong Sse = 2;
        ulong wide = value & CpuidTables.WideComponents;
        bool hasAvx = (value & CpuidTables.AvxComponent) != 0;
        return (value & ~_tables.Components) == 0
            && (value & X87) != 0
            && (!hasAvx || (value & Sse) != 0)
            && (wide == 0 || (wide == CpuidTables.WideComponents && hasAvx));
    }

    private void Adjust(Vcpu vcpu, uint leaf, uint subleaf, ref CpuidResult result)
    {
        switch (leaf)
        {
            case 1:
                result.Ebx |= vcpu.Apic.Id << 24;
                result.Ecx |= (vcpu.Hardware.Cr4 & Cr4OsXsave) != 0 ? OsXsave : 0;
                result.Edx &= vcpu.Apic.Mode == ApicMode.Disabled ? ~Apic : uint.MaxValue;
                break;
            case 4:
                result = subleaf < (uint)_tables.Caches.Length ? _tables.Caches[(int)subleaf] : default;
                break;
            case 7:
                AdjustStructured(vcpu, subleaf, ref result);
                break;
            case 0xB:
                ReadTopology(vcpu, subleaf, ref result);
                break;
            case 0xD:
                ReadXsave(vcpu, subleaf, out result);
                break;
        }
    }

    private void AdjustStructured(Vcpu vcpu, uint subleaf, ref CpuidResult result)
    {
        if (subleaf == 0)
        {
            result.Ecx |= (vcpu.Hardware.Cr4 & Cr4ProtectionKeys) != 0 ? OsPke : 0;
            return;
        }

        result = subleaf == 1 ? _tables.StructuredSubleaf1 : default;
    }

    // Level 0: a core has one thread but takes two ids. Level 1: the package.
    private void ReadTopology(Vcpu vcpu, uint subleaf, ref CpuidResult result)
    {
        result.Ecx = subleaf & 0xFF;
        result.Edx = vcpu.Apic.Id;
        switch (GuestChoice.Bound(subleaf))
        {
            case 0:
                result.Eax = 1;
                result.Ebx = 1;
                result.Ecx |= ThreadLevel;
                break;
            case 1:
                result.Eax = (uint)_tables.IdBits;
                result.Ebx = _tables.VcpuCount;
                result.Ecx |= CoreLevel;
                break;
        }
    }

    private void ReadXsave(Vcpu vcpu, uint subleaf, out CpuidResult result)
    {
        result = subleaf < (uint)_tables.XsaveParts.Length ? _tables.XsaveParts[(int)subleaf] : default;
        if (_tables.Components == 0)
            return;

        if (subleaf == 0)
        {
            result.Ebx = StandardSize(vcpu.Hardware.Xcr0);
            result.Ecx = StandardSize(_tables.Components);
        }
        else if (subleaf == 1)
        {
            result.Ebx = CompactSize(vcpu.Hardware.Xcr0);
        }
    }

    // The area's end is that of the component that ends last.
    private uint StandardSize(ulong components)
    {
        uint size = LegacyAreaSize;
        for (int i = 2; i < _tables.XsaveParts.Length; i++)
        {
            if ((components >> i & 1) != 0)
                size = Math.Max(size, _tables.XsaveParts[i].Ebx + _tables.XsaveParts[i].Eax);
        }

        return size;
    }

    // One component after the other, some aligned to 64 bytes.
    private uint CompactSize(ulong components)
    {
        uint size = LegacyAreaSize;
        for (int i = 2; i < _tables.XsaveParts.Length; i++)
        {
            if ((components >> i & 1) != 0)
            {
                bool isAligned = (_tables.XsaveParts[i].Ecx & AlignedComponent) != 0;
                size = (isAligned ? (size + 63) & ~63u : size) + _tables.XsaveParts[i].Eax;
            }
        }

        return size;
    }

    private void ReadXen(Vcpu vcpu, uint leaf, uint subleaf, ref CpuidResult result)
    {
        switch (GuestChoice.Bound(leaf - XenBase))
        {
            case 0:
                result.Eax = XenLast;
                result.Ebx = 0x566E_6558; // "XenVMMXenVMM"
                result.Ecx = 0x6558_4D4D;
                result.Edx = 0x4D4D_566E;
                break;
            case 1:
                result.Eax = XenVersion;
                break;
            case 2:
                result.Eax = 1;
                result.Ebx = HypercallPageMsr;
                break;
            case 3:
                ReadTime(vcpu, subleaf, ref result);
                break;
            case 4 when subleaf == 0:
                result.Eax = HvmFeatures;
                result.Ebx = (uint)vcpu.Id;
                result.Ecx = vcpu.Domain.Id;
                break;
        }
    }

    private void ReadTime(Vcpu vcpu, uint subleaf, ref CpuidResult result)
    {
        Kernel kernel = vcpu.Domain.Kernel;
        uint kilohertz = (uint)(kernel.Machine.TscFrequency / 1000);
        switch (GuestChoice.Bound(subleaf))
        {
            case 0:
                result.Eax = TscIsReliable | (_tables.HasRdtscp ? HasRdtscp : 0);
                result.Ecx = kilohertz;
                break;
            case 1:
                Clock clock = kernel.Clock;
                result.Eax = (uint)vcpu.Hardware.TscOffset;
                result.Ebx = (uint)(vcpu.Hardware.TscOffset >> 32);
                result.Ecx = clock.Multiplier;
                result.Edx = (uint)clock.Shift;
                break;
            case 2:
                result.Eax = kilohertz;
                break;
        }
    }
}
