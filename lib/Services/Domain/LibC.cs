using System.Runtime.InteropServices;

namespace Microkernel.Services;

/// <summary>The functions of the C library that only PID 1 needs.</summary>
internal static class LibC
{
    internal const uint NoSuid = 2, NoDevices = 4, NoExec = 8;
    internal const int PowerOff = 0x4321fedc;
    internal const int AnyChild = -1, DoNotWait = 1;

    [DllImport("libc", EntryPoint = "mount", SetLastError = true)]
    internal static extern int Mount(byte[] source, byte[] target, byte[] type, nuint flags, nint data);

    [DllImport("libc", EntryPoint = "reboot", SetLastError = true)]
    internal static extern int Reboot(int command);

    [DllImport("libc", EntryPoint = "_exit")]
    internal static extern void Exit(int code);

    [DllImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    internal static extern int WaitForChild(int process, out int status, int options);
}
