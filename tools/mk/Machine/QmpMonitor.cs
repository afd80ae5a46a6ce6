using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace Mk.Machine;

/// <summary>The little that is needed of QEMU's machine protocol (QMP): stop it, and learn why it stopped.</summary>
public sealed class QmpMonitor : IDisposable
{
    private readonly NetworkStream _stream;

    /// <summary>Speaks over a connected socket, which it owns from now on.</summary>
    public QmpMonitor(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    /// <summary>Whether the machine stopped because something in it reset it or shut it down.</summary>
    public bool StoppedByMachine { get; private set; }

    /// <summary>Opens the conversation and reads events until QEMU hangs up.</summary>
    public async Task ListenAsync()
    {
        using var reader = new StreamReader(_stream, Encoding.UTF8, leaveOpen: true);
        try
        {
            await Send("qmp_capabilities");
            while (await reader.ReadLineAsync() is { } line)
                Take(line);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            // A QEMU that fails or is killed stops in the middle of a message: the end of the conversation all the same.
        }
    }

    /// <summary>Ends QEMU. That it has ended already is no error.</summary>
    public async Task QuitAsync()
    {
        try
        {
            await Send("quit");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody is left to be told.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private async Task Send(string command) =>
        await _stream.WriteAsync(Encoding.UTF8.GetBytes($"{{\"execute\":\"{command}\"}}\n"));

    private void Take(string line)
    {
        using JsonDocument message = JsonDocument.Parse(line);
        if (message.RootElement.TryGetProperty("event", out JsonElement name) && name.GetString() == "SHUTDOWN"
            && message.RootElement.TryGetProperty("data", out JsonElement data)
            && data.TryGetProperty("guest", out JsonElement byMachine))
        {
            StoppedByMachine = byMachine.GetBoolean();
        }
    }
}
