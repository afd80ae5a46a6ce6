using System;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Rings;
using Microkernel.Rpc;
using Mk.Boot;

namespace Mk.Machine;

/// <summary>The whole system in a QEMU process: its machine, and the ring to its toolstack.</summary>
public sealed class SystemHost : IAsyncDisposable
{
    /// <summary>Who the host is to the toolstack, and the other way round.</summary>
    private const string Name = "host", Peer = "toolstack";

    private readonly VirtualMachine _machine;
    private readonly RingEndpoint _endpoint;

    private SystemHost(VirtualMachine machine, RingEndpoint endpoint)
    {
        _machine = machine;
        _endpoint = endpoint;
    }

    /// <summary>Calls the toolstack, and what it passes on.</summary>
    public CallInvoker CallInvoker => _endpoint.CallInvoker;

    /// <summary>How the machine ended.</summary>
    public Task<RunResult> Completion => _machine.Completion;

    /// <summary>QEMU's process.</summary>
    public int ProcessId => _machine.ProcessId;

    /// <summary>Starts QEMU.</summary>
    /// <param name="options">The machine.</param>
    /// <param name="set">What it boots.</param>
    /// <param name="folder">A folder of its own.</param>
    /// <param name="output">Receives what it prints; the services' consoles are numbered in the manifest's order.</param>
    /// <param name="log">Receives what happens to the ring.</param>
    /// <exception cref="MkException">QEMU cannot be started.</exception>
    public static SystemHost Start(MachineOptions options, BootSet set, RunFolder folder, IMachineOutput output, Action<string> log)
    {
        folder.Fill(set);
        string link = folder.File(QemuCommandLine.LinkFile);
        LinkWiring.CreateFile(link);
        VirtualMachine machine = VirtualMachine.Start(options, folder, QemuCommandLine.ForSystem(options, set, LinkWiring.DeviceSize), output);
        var rendezvous = new RingRendezvous(LinkWiring.Open(link, isSecond: true, machine.RingBell));
        return new SystemHost(machine, new RingEndpoint(rendezvous, null, new RingEndpointOptions { Name = Name, Peer = Peer, Log = log }));
    }

    /// <summary>Ends the machine at once, unless it has ended by itself before.</summary>
    public void Stop(RunResult result) => _machine.Stop(result);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _endpoint.Dispose();
        await _machine.DisposeAsync();
    }
}
