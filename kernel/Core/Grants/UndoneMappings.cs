using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Grants;

/// <summary>
/// A CPU's list of mappings that have left their domain's address space and whose grants are released after a flush, so
/// that many share one. Who adds to it calls <see cref="Finish"/> before anything else runs on the CPU.
/// </summary>
public sealed class UndoneMappings
{
    /// <summary>No address is named: the mapping is undone wherever it is.</summary>
    internal const ulong AnyAddress = ulong.MaxValue;

    private const int Capacity = 16;

    private readonly Mapping[] _mappings = new Mapping[Capacity];
    private int _count;

    /// <summary>
    /// Takes a mapping out of the address space and its handle out of use. Without an address nothing is to be done, as in
    /// Xen. GNTST_*.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Undo(Domain domain, uint handle, ulong address)
    {
        if (_count == Capacity)
            Finish(domain);

        // The entry and the page go together. The address space's lock comes after the grant lock.
        domain.GrantLock.Enter();
        domain.Physmap.Lock.Enter();
        int status = GrantAbi.BadHandle;
        MappingTable table = domain.Grants.Mappings;
        if (handle < (uint)table.Capacity)
        {
            ref Mapping entry = ref table.Open(handle);
            if (entry.IsUsed)
            {
                if ((address >> PhysicalMemory.FrameShift == entry.Gfn || address == AnyAddress)
                    && domain.Memory.UnmapForeign(entry.Gfn, entry.Claim.Mfn, entry.Claim.IsWritable))
                {
                    ref Mapping undone = ref _mappings[_count++];
                    undone = entry;
                    table.Remove(ref entry, handle);
                    status = GrantAbi.Okay;
                }
                else
                {
                    status = address == 0 ? GrantAbi.Okay : GrantAbi.GeneralError;
                }
            }

            table.Close();
        }

        domain.Physmap.Lock.Exit();
        domain.GrantLock.Exit();
        return status;
    }

    /// <summary>Flushes the domain's translations and ends the claims behind its mappings.</summary>
    internal void Finish(Domain domain)
    {
        if (_count == 0)
            return;

        domain.Memory.Tlb.Shootdown();
        do
        {
            ref readonly GrantClaim claim = ref _mappings[--_count].Claim;
            domain.Kernel.Domains.Slots[claim.Slot].Grants.Release(in claim);
        }
        while (_count != 0);
    }
}
