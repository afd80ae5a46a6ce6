using System;
using System.IO;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microkernel.Protos.Xenstore.Journal;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>The store on plain Linux.</summary>
internal static class SocketProgram
{
    private const int Backlog = 128;

    internal static int Run(SocketOptions options)
    {
        HeapLimit.Raise();
        using var journal = options.StateFolder is null ? (JournalDevice)new ArrayJournalDevice([]) : new FileJournalDevice(options.StateFolder);
        using var log = new FileLog(options.LogFile);
        var control = new SocketControl(log, options);
        SocketRings? rings = null;
        StoreServer server = options.StateFolder is null
            ? NewServer(control, s => rings = new SocketRings(s, options.DomainFolder))
            : Revival.Start(journal, s => rings = new SocketRings(s, options.DomainFolder), control, log.Complain);
        JournalHandover? handover = Handover.Take(options.StateFolder, log.Complain);
        using Socket listener = handover is null ? Listen(options.Socket) : new Socket(new SafeSocketHandle((nint)handover.Listener, ownsHandle: true));
        using var loop = new SocketLoop(server, (int)listener.Handle);
        control.Loop = loop;
        rings!.Serve(loop);
        if (handover is not null)
            loop.Restore(handover.Clients);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, loop));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, loop));
        log.Write($"xenstore: {server.Store.Accounts.Nodes} nodes, listening on {options.Socket}");
        loop.Run();
        while (control.IsUpdating)
        {
            control.StartNext((int)listener.Handle);
            loop.Run();
        }
        File.Delete(options.Socket);
        return 0;
    }

    private static StoreServer NewServer(ControlHost control, Func<StoreServer, DomainHost> host)
    {
        var server = new StoreServer(new Store(), new Recorder(), control, epoch: 1);
        server.Domains.Host = host(server);
        return server;
    }

    private static Socket Listen(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Left by a server that did not end in order.
        File.Delete(path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        listener.Listen(Backlog);
        listener.Blocking = false;
        return listener;
    }

    private static void Stop(PosixSignalContext context, SocketLoop loop)
    {
        context.Cancel = true;
        loop.IsStopping = true;
    }
}
