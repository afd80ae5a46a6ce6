using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Console;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>In place of qemu-dm: maps the console that it is given, tries to get more of the guest, and answers nobody any more.</summary>
internal sealed class HostileConsole(ServiceHost host) : Protos.Console.Console.ConsoleBase
{
    private const ushort Memory = 1;
    private const uint StoreReference = 1;

    private readonly Attempts _attempts = new(host.Log);
    private readonly RawCalls _calls = new(host.Privcmd);
    private readonly GrantDevice _grants = GrantDevice.Open();
    private MappedPages? _held;

    internal async Task RunAsync()
    {
        host.Connect("toolstack", services => Protos.Console.Console.BindService(services, this));
        host.Serve();
        await Task.Delay(Timeout.InfiniteTimeSpan, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public override Task<ConnectResponse> Connect(ConnectRequest request, ServerCallContext context)
    {
        ushort guest = (ushort)request.Domain;
        _held = _grants.Map(guest, request.GrantReference);
        _held.Bytes[0] = 1;
        host.Log.Info($"holds a page of domain {guest}");
        Try(guest);
        _attempts.Report("qemu-dm");
        Silence.Begin();
        return Task.FromResult(new ConnectResponse());
    }

    private void Try(ushort guest)
    {
        _attempts.Ends("map the store's grant", -1, () => _calls.Map(guest, StoreReference));
        for (uint reference = StoreReference + 1; reference < 8; reference++)
        {
            uint wanted = reference;
            _attempts.Ends($"map grant {reference} that nobody made", -1, () => _calls.Map(guest, wanted));
        }

        new ForeignAttempts(_attempts, _calls, Memory).Run();
        foreach (ushort domain in new[] { Memory, guest })
        {
            _attempts.Refused($"pausedomain {domain}", ErrorNumber.NotPermitted, () => _calls.Control(3, domain));
            _attempts.Refused($"unpausedomain {domain}", ErrorNumber.NotPermitted, () => _calls.Control(4, domain));
            _attempts.Refused($"getdomaininfo {domain}", ErrorNumber.NotPermitted, () => _calls.Control(5, domain));
            _attempts.Refused($"getvcpuinfo {domain}", ErrorNumber.NotPermitted, () => _calls.Control(14, domain));
            _attempts.Refused($"scheduler_op {domain}", ErrorNumber.NotPermitted, () => _calls.Control(16, domain, 6));
            _attempts.Refused($"remote_shutdown {domain}", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Scheduler, 4, domain | 3UL << 32));
        }

        _attempts.Refused("readconsole", ErrorNumber.NotPermitted, () => _calls.System(1));
        _attempts.Refused("physinfo", ErrorNumber.NotPermitted, () => _calls.System(3));
        _attempts.Refused("getdomaininfolist", ErrorNumber.NotPermitted, () => _calls.System(6));
    }
}
