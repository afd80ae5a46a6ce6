using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Microkernel.Xen.Native;

/// <summary>An open device file.</summary>
internal sealed class Device : IDisposable
{
    private readonly string _path;

    private Device(string path, SafeFileHandle handle)
    {
        _path = path;
        Handle = handle;
    }

    internal SafeFileHandle Handle { get; }

    /// <summary>Opens a device.</summary>
    /// <exception cref="XenException">It does not exist, or the kernel refuses it.</exception>
    internal static Device Open(string path, int flags = LibC.ReadWrite)
    {
        int descriptor = LibC.Open(Encoding.UTF8.GetBytes(path + '\0'), flags | LibC.CloseOnExec);
        if (descriptor < 0)
            throw new XenException($"open {path} (needs a domain with the modules xen-*)", Marshal.GetLastPInvokeError());
        return new Device(path, new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Makes a request with a structure that goes in and comes back.</summary>
    /// <returns>What the kernel answers, zero or above.</returns>
    internal int Control<T>(uint request, ref T argument, string tried)
        where T : unmanaged =>
        Control(request, MemoryMarshal.AsBytes(new Span<T>(ref argument)), tried);

    /// <summary>Makes a request with bytes that go in and come back.</summary>
    internal int Control(uint request, Span<byte> argument, string tried)
    {
        int result = TryControl(request, argument, out int error);
        return result >= 0 ? result : throw new XenException(tried, error);
    }

    /// <summary>The same, and leaves it to the caller to judge the error; the result is negative then.</summary>
    internal int TryControl(uint request, Span<byte> argument, out int error)
    {
        while (true)
        {
            int result = LibC.Control(Handle, request, ref MemoryMarshal.GetReference(argument));
            error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error != ErrorNumber.Interrupted)
                return result;
        }
    }

    /// <summary>The number of a request, from its letter, number and the size of its structure (ioctl-number.rst: _IOC_NONE).</summary>
    internal static uint Request(char kind, uint number, int size) => ((uint)size << 16) | ((uint)kind << 8) | number;

    /// <summary>The same for a structure type.</summary>
    internal static uint Request<T>(char kind, uint number)
        where T : unmanaged => Request(kind, number, Unsafe.SizeOf<T>());

    /// <summary>Maps a part of the device, to read and write.</summary>
    internal Mapping Map(long offset, long size, string tried) => Mapping.Of(Handle, offset, size, tried);

    public void Dispose() => Handle.Dispose();

    public override string ToString() => _path;
}
