using System.Runtime.InteropServices;

namespace Microkernel.XenStore.Native;

/// <summary>Linux' calls for sockets, as far as the event loop needs them: .NET's own take a detour by a thread of their own.</summary>
internal static class LibC
{
    internal const int Interrupted = 4, WouldBlock = 11;
    internal const int EpollAdd = 1, EpollDelete = 2, EpollModify = 3;
    internal const uint PollIn = 1, PollOut = 4, PollError = 8, PollHangUp = 16, PollPeerDone = 0x2000, PollEdges = 1u << 31;
    internal const int MonotonicClock = 1;
    internal const int NonBlocking = 0x800, CloseOnExec = 0x80000;
    internal const int DoNotWait = 0x40, NoSignal = 0x4000;
    internal const int ReadWrite = 2;
    internal const int SetDescriptorFlags = 2;

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    internal static extern int EpollCreate(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static extern int EpollControl(int poll, int operation, int descriptor, ref EpollEvent wanted);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static extern int EpollWait(int poll, ref EpollEvent seen, int most, int timeout);

    [DllImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    internal static extern int TimerCreate(int clock, int flags);

    [DllImport("libc", EntryPoint = "timerfd_settime", SetLastError = true)]
    internal static extern int TimerSet(int timer, int flags, ref TimerInterval wanted, nint old);

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    internal static extern nint Receive(int socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    internal static extern nint Send(int socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "accept4", SetLastError = true)]
    internal static extern int Accept(int socket, nint address, nint length, int flags);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    internal static extern int Open(byte[] path, int flags, int mode);

    [DllImport("libc", EntryPoint = "mkfifo", SetLastError = true)]
    internal static extern int MakeFifo(byte[] path, uint mode);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static extern nint Read(int descriptor, ref byte buffer, nint length);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static extern nint Write(int descriptor, ref byte buffer, nint length);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static extern int Control(int descriptor, int command, int argument);

    [DllImport("libc", EntryPoint = "execve", SetLastError = true)]
    internal static extern int Execute(byte[] path, nint[] arguments, nint[] environment);
}
