namespace Microkernel.Core.Grants;

/// <summary>One end of a copy: a grant of a domain, or a page of the caller's own.</summary>
internal struct CopyPlace
{
    /// <summary>Grant reference (low 32 bits) or page number.</summary>
    public ulong Number;

    public ushort Domain;
    public int Offset;
    public bool IsReference;
}
