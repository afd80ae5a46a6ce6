using System.CommandLine;
using Mk.Daemon;

namespace Mk.Commands;

/// <summary><c>mk daemon</c>: what <c>mk up</c> starts in the background.</summary>
public static class DaemonCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("daemon", "Own a running system; started by 'mk up'.") { Hidden = true };
        command.SetAction(static async (_, _) => (int)await SystemDaemon.RunAsync());
        return command;
    }
}
