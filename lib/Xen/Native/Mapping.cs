using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microkernel.Xen.Native;

/// <summary>
/// Memory that a device file gave. The one place here that the compiler cannot check. Sound: the range was mapped for reading and
/// writing over its whole size, and nobody gets a span after <see cref="SafeHandle.Dispose()"/>; who holds one must not let it outlive that,
/// which the contracts of the public classes demand.
/// </summary>
internal sealed class Mapping : SafeHandle
{
    private readonly int _size;

    private Mapping(nint address, int size)
        : base(-1, ownsHandle: true)
    {
        SetHandle(address);
        _size = size;
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>The address, for the kernel.</summary>
    internal ulong Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return (ulong)handle;
        }
    }

    /// <summary>The bytes.</summary>
    internal Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref Unsafe.NullRef<byte>(), handle), _size);
        }
    }

    internal static Mapping Of(SafeFileHandle file, long offset, long size, string tried)
    {
        int length = checked((int)size);
        nint address = LibC.Map(0, (nuint)length, LibC.ProtRead | LibC.ProtWrite, LibC.MapShared, file, offset);
        if (address == -1)
            throw new XenException(tried, Marshal.GetLastPInvokeError());
        return new Mapping(address, length);
    }

    protected override bool ReleaseHandle() => LibC.Unmap(handle, (nuint)_size) == 0;
}
