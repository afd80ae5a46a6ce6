using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microkernel.Xen.Native;

/// <summary>The functions of the C library that .NET has nothing for.</summary>
internal static class LibC
{
    internal const int ReadWrite = 2, CloseOnExec = 0x80000;
    internal const int ProtRead = 1, ProtWrite = 2, MapShared = 1;
    internal const short PollIn = 1;
    internal const int NonBlocking = 0x800, EventNonBlocking = 0x800;

    /// <summary>One descriptor that poll(2) looks at.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Seen;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    internal static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static extern int Control(SafeFileHandle file, nuint request, ref byte argument);

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static extern nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static extern int Unmap(nint address, nuint length);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static extern int Poll(ref PollEntry entries, nuint count, int timeout);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static extern nint Read(SafeFileHandle file, ref byte buffer, nuint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static extern nint Write(SafeFileHandle file, ref byte buffer, nuint count);

    [DllImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    internal static extern int EventDescriptor(uint value, int flags);
}
