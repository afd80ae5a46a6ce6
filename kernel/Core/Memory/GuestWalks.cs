using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Memory;

/// <summary>A vCPU's last translations of guest-virtual pages. The caller of every method but <see cref="Forget"/> holds <see cref="Physmap.Lock"/>.</summary>
public sealed class GuestWalks
{
    private const int Size = 16;

    private readonly GuestWalk[] _walks = new GuestWalk[Size];

    /// <summary>For a vCPU. Start-up only: it allocates.</summary>
    public GuestWalks(Vcpu vcpu)
    {
        Vcpu = vcpu;
        Physmap = vcpu.Domain.Physmap;
        Lock = Physmap.Lock;
        Memory = vcpu.Domain.Kernel.Memory.Memory;
        for (int i = 0; i < Size; i++)
            _walks[i] = new GuestWalk();
    }

    /// <summary>Whose they are.</summary>
    internal Vcpu Vcpu { get; }

    /// <summary>Where its guest-physical pages are.</summary>
    internal Physmap Physmap { get; private set; }

    /// <summary>The address space's lock.</summary>
    internal TicketLock Lock { get; private set; }

    /// <summary>Where the frames are.</summary>
    internal PhysicalMemory Memory { get; }

    /// <summary>Counts the entries into the guest.</summary>
    internal ulong Exit { get; private set; } = 1;

    /// <summary>The vCPU is given to a domain: what is kept is of another address space, whose generations are others.</summary>
    public void Bind(Domain domain)
    {
        Physmap = domain.Physmap;
        Lock = Physmap.Lock;
    }

    /// <summary>The vCPU is entered: the guest may change its tables.</summary>
    public void Forget() => Exit++;

    /// <summary>Where the translation of <paramref name="page"/> is kept.</summary>
    internal GuestWalk To(ulong page) => _walks[(int)page & (Size - 1)];
}
