namespace Microkernel.Core.Abi;

/// <summary>Reserved domain ids (DOMID_* of xen/xen.h).</summary>
public static class DomainIds
{
    /// <summary>The first id that no domain has.</summary>
    public const ushort FirstReserved = 0x7FF0;

    /// <summary>The caller's own domain.</summary>
    public const ushort Self = 0x7FF0;

    /// <summary>No domain.</summary>
    public const ushort Invalid = 0x7FF4;
}
