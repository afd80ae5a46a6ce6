using System;
using System.IO;
using System.Threading.Tasks;
using Mk.Control;

namespace Mk.Daemon;

/// <summary>Ends what is left of a system, whether or not its daemon lives.</summary>
public static class SystemCleanup
{
    private static readonly TimeSpan DaemonLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QemuLimit = TimeSpan.FromSeconds(5);

    /// <summary>Ends the daemon and QEMU, and deletes their files.</summary>
    public static async Task RunAsync(SystemState state)
    {
        await EndAsync(state.Daemon, "the daemon", DaemonLimit);
        if (state.Qemu is { } qemu)
            await EndAsync(qemu, "QEMU", QemuLimit);
        if (IsRunFolder(state.Folder) && Directory.Exists(state.Folder))
            Directory.Delete(state.Folder, recursive: true);
        SystemState.Delete();
    }

    private static async Task EndAsync(ProcessIdentity process, string name, TimeSpan limit)
    {
        process.Signal(ProcessIdentity.Terminate);
        if (await process.WaitAsync(limit))
            return;
        Say.Line($"{name} (process {process.Id}) does not end when it is asked to: it is killed");
        process.Signal(ProcessIdentity.Kill);
        if (!await process.WaitAsync(QemuLimit))
            throw new MkException(ExitCode.QemuFailed, $"{name} (process {process.Id}) cannot be ended; what does it wait for? ('cat /proc/{process.Id}/stack' as root)");
    }

    /// <summary>Whatever the file says, nothing else is deleted.</summary>
    private static bool IsRunFolder(string path) => Path.GetFileName(path).StartsWith("mk-", StringComparison.Ordinal);
}
