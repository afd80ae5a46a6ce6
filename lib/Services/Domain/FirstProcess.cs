using System;
using System.Runtime.InteropServices;
using System.Text;
using Microkernel.Xen;

namespace Microkernel.Services;

/// <summary>What a program has to do as the only one of its domain: mount, take in orphans, power off.</summary>
internal static class FirstProcess
{
    private const int Id = 1;

    /// <summary>Whether this process is the first one.</summary>
    internal static bool IsThis => Environment.ProcessId == Id;

    /// <summary>Mounts the file systems that .NET and the hypervisor's devices need.</summary>
    internal static void MountAll()
    {
        Mount("devtmpfs", "/dev", LibC.NoSuid | LibC.NoExec);
        Mount("proc", "/proc", LibC.NoSuid | LibC.NoExec | LibC.NoDevices);
        Mount("sysfs", "/sys", LibC.NoSuid | LibC.NoExec | LibC.NoDevices);
        Mount("tmpfs", "/tmp", LibC.NoSuid | LibC.NoExec | LibC.NoDevices);
    }

    /// <summary>Takes note of children that have ended, also of those that ended as orphans.</summary>
    internal static PosixSignalRegistration ReapChildren() => PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ =>
    {
        while (LibC.WaitForChild(LibC.AnyChild, out int _, LibC.DoNotWait) > 0)
        {
        }
    });

    /// <summary>Ends the domain in order. Does not return.</summary>
    internal static void PowerOff()
    {
        _ = LibC.Reboot(LibC.PowerOff);
        throw new XenException("power off", Marshal.GetLastPInvokeError());
    }

    /// <summary>Has the kernel panic, which it does when its first process ends. Does not return.</summary>
    internal static void Panic() => LibC.Exit(1);

    private static void Mount(string type, string target, uint flags)
    {
        if (LibC.Mount(Text(type), Text(target), Text(type), flags, 0) != 0)
            throw new XenException($"mount {type} on {target}", Marshal.GetLastPInvokeError());
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
