using System.Runtime.InteropServices;

namespace Microkernel.Core.Grants;

/// <summary>A mapping of another domain's grant, found by its handle (maptrack entry).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Mapping
{
    /// <summary>Bytes of an entry.</summary>
    public const int Size = 32;

    /// <summary>What is mapped. No frame: the handle is free, and the reference is the next free handle.</summary>
    public GrantClaim Claim;

    /// <summary>The page of the mapping domain where it appears.</summary>
    public ulong Gfn;

    public readonly bool IsUsed => Claim.Mfn != 0;
}
