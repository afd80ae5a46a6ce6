using System;
using System.IO;
using System.Text.Json;

namespace Mk.Control;

/// <summary>The processes of a running system, and where it is reached.</summary>
/// <param name="Daemon">The daemon.</param>
/// <param name="Qemu">The machine; null before it runs.</param>
/// <param name="Folder">The folder of sockets and links, which goes with the system.</param>
public sealed record SystemState(ProcessIdentity Daemon, ProcessIdentity? Qemu, string Folder)
{
    /// <summary>The socket that takes gRPC calls.</summary>
    public string Socket => Path.Combine(Folder, "grpc");

    /// <summary>What is written down, whether or not it still runs; null if there is nothing.</summary>
    public static SystemState? Read()
    {
        try
        {
            return JsonSerializer.Deserialize<SystemState>(File.ReadAllBytes(SystemFolder.State));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new MkException(ExitCode.NoSystem, $"{SystemFolder.State} is damaged ({e.Message}); end what may still run by hand, and delete that file");
        }
    }

    /// <summary>The system that runs.</summary>
    /// <exception cref="MkException">There is none, or its daemon is gone.</exception>
    public static SystemState Running()
    {
        SystemState state = Read() ?? throw new MkException(ExitCode.NoSystem, $"no system is running{LastEnd()}; start it with: mk up");
        return state.Daemon.IsAlive ? state : throw new MkException(
            ExitCode.NoSystem, $"the system's daemon is gone ({SystemFolder.DaemonLog} may say why); clean up with 'mk down', then start it with 'mk up'");
    }

    private static string LastEnd() => File.Exists(SystemFolder.End) ? $" (the last one ended: {File.ReadAllText(SystemFolder.End).Split('\n')[0]})" : "";

    /// <summary>Writes it down. Who reads sees the old words or the new ones.</summary>
    public void Write()
    {
        string partial = SystemFolder.State + ".partial";
        File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(partial, SystemFolder.State, overwrite: true);
    }

    /// <summary>Forgets a system that is no more.</summary>
    public static void Delete() => File.Delete(SystemFolder.State);
}
