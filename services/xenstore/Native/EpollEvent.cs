using System.Runtime.InteropServices;

namespace Microkernel.XenStore.Native;

/// <summary>struct epoll_event, which is packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct EpollEvent
{
    internal uint Events;
    internal int Descriptor;
    internal int Unused;
}
