namespace Microkernel.Core.Boot;

/// <summary>A part of a module that goes to a place in the guest.</summary>
public struct CopyJob
{
    /// <summary>Index of the module.</summary>
    public int Module;

    /// <summary>First byte in the module.</summary>
    public ulong Offset;

    /// <summary>Bytes left to copy.</summary>
    public ulong Length;

    /// <summary>Where the next byte goes, guest-physical.</summary>
    public ulong Target;
}
