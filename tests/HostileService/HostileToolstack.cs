using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Rpc;
using Microkernel.Services;
using Microkernel.Xen;
using ConsoleApi = Microkernel.Protos.Console;
using MemoryClient = Microkernel.Protos.Memory.Memory.MemoryClient;

namespace Microkernel.HostileService;

/// <summary>
/// In place of the toolstack: does what that one may, and everything else that it can think of. Its first life ends in a crash, its next
/// one looks at what has become of the others.
/// </summary>
internal sealed class HostileToolstack(ServiceHost host)
{
    private const ushort Memory = 1, XenStore = 2, QemuDm = 4;
    private const uint ConsoleReference = 0;
    private const long PageSize = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Attempts _attempts = new(host.Log);
    private readonly RawCalls _calls = new(host.Privcmd);
    private readonly InformationCalls _information = new(host.Privcmd);

    private CallOptions Options => new CallOptions(deadline: DateTime.UtcNow + Patience).WithWaitForReady();

    internal async Task RunAsync()
    {
        using MappedPages kept = host.Calls.MapKept(host.Info);
        bool isFirst = BinaryPrimitives.ReadUInt64LittleEndian(kept.Bytes) == 0;
        if (isFirst)
            await HostilePeer.SendGarbageAsync(host, Ring("scheduler"));
        RingEndpoint memory = host.Connect("memory"), console = host.Connect("qemu-dm"), store = host.Connect("xenstore"), scheduler = host.Connect("scheduler");
        host.Serve();
        CallInvoker[] peers = [memory.CallInvoker, store.CallInvoker, scheduler.CallInvoker];
        await AllAnswerAsync([.. peers, console.CallInvoker]);
        var service = new MemoryClient(memory.CallInvoker);
        if (isFirst)
        {
            await AttackAsync(service, new ConsoleApi.Console.ConsoleClient(console.CallInvoker), peers, kept);
            throw new InvalidDataException("the hostile toolstack has done its worst");
        }

        await LookAsync(service, kept);
        _attempts.Report("afterwards");
        await Task.Delay(Timeout.InfiniteTimeSpan, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private async Task AttackAsync(MemoryClient memory, ConsoleApi.Console.ConsoleClient console, CallInvoker[] peers, MappedPages kept)
    {
        AttackServices();
        await AskForMoreAsync(memory);
        DomainId neighbour = (await BuildAsync(memory)).Domain;
        (DomainId victim, uint port) = await BuildAsync(memory);
        new ForeignAttempts(_attempts, _calls, (ushort)victim.Id).Run();
        await _attempts.RefusedAsync("load into a guest that has run", StatusCode.NotFound, async () => await memory.LoadAsync(
            new LoadRequest { Domain = victim, Image = Image.Kernel, Data = Google.Protobuf.ByteString.CopyFrom(TinyGuest.Image()) }, Options));
        await _attempts.RefusedAsync("finish a guest that has run", StatusCode.NotFound, async () => await memory.FinishAsync(new FinishRequest { Domain = victim }, Options));
        _attempts.Report("toolstack");
        BinaryPrimitives.WriteUInt32LittleEndian(kept.Bytes[8..], neighbour.Id);
        await EndWhileMappedAsync(memory, console, victim, port, kept);
        await HostilePeer.FloodAsync(host, peers[0]);
        HostilePeer.Scribble(host, Ring("scheduler"));
        await AllAnswerAsync(peers);
        _attempts.Report("neighbours");
        BinaryPrimitives.WriteUInt64LittleEndian(kept.Bytes, 1);
    }

    private void AttackServices()
    {
        ushort any = 0;
        _attempts.Refused("createdomain of a guest", ErrorNumber.NotPermitted, () => _calls.Control(1, ref any, RawCalls.Creation()));
        ushort service = QemuDm;
        _attempts.Refused("createdomain of a service", ErrorNumber.NotPermitted, () => _calls.Control(1, ref service, RawCalls.Creation()));
        foreach (ushort domain in new[] { Memory, XenStore, QemuDm })
        {
            new ForeignAttempts(_attempts, _calls, domain).Run();
            _attempts.Refused($"pausedomain {domain}", ErrorNumber.NotPermitted, () => _calls.Control(3, domain));
            _attempts.Refused($"remote_shutdown {domain}", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Scheduler, 4, domain | 3UL << 32));
        }

        // Between memory and xenstore there is ring 0; the ports of others are reserved for others.
        uint stranger = Enumerable.Range(0, 8).Select(static i => (uint)i).First(id => host.Rings.All(r => r.Id != id));
        _attempts.Refused("acquire_resource of a ring of others", ErrorNumber.NotFound, () => _calls.Call(
            Hypercall.Memory, 28, Privcmd.Self | 0x8000UL << 16 | (ulong)stranger << 32, 0, 0, 0));
        _attempts.Refused("bind_interdomain to a port for others", ErrorNumber.Invalid, () => _calls.Call(Hypercall.EventChannel, 0, QemuDm | 1UL << 32));
    }

    private async Task AskForMoreAsync(MemoryClient memory)
    {
        foreach (string privileges in new[] { "memory", "toolstack", "service", "control" })
        {
            ClaimRequest claim = Claim();
            claim.PrivilegeClass = privileges;
            await _attempts.RefusedAsync($"claim a domain of the class {privileges}", StatusCode.PermissionDenied, async () => await memory.ClaimAsync(claim, Options));
        }

        GetInfoResponse info = await memory.GetInfoAsync(new GetInfoRequest(), Options);
        foreach (DomainMemory domain in info.Domains)
        {
            await _attempts.RefusedAsync($"destroy service {domain.Domain.Id}", StatusCode.PermissionDenied, async () => await memory.DestroyAsync(
                new DestroyRequest { Domain = domain.Domain }, Options));
            await _attempts.RefusedAsync($"shrink service {domain.Domain.Id}", StatusCode.PermissionDenied, async () => await memory.SetTargetAsync(
                new SetTargetRequest { Domain = domain.Domain, MaximumBytes = 1 << 20 }, Options));
            await _attempts.RefusedAsync($"load into service {domain.Domain.Id}", StatusCode.NotFound, async () => await memory.LoadAsync(
                new LoadRequest { Domain = domain.Domain, Image = Image.Kernel }, Options));
        }

        ClaimRequest huge = Claim();
        (huge.MemoryBytes, huge.MaximumMemoryBytes) = (info.TotalBytes, info.TotalBytes);
        await _attempts.RefusedAsync("claim the whole host", StatusCode.ResourceExhausted, async () => await memory.ClaimAsync(huge, Options));
    }

    private async Task<(DomainId Domain, uint ConsolePort)> BuildAsync(MemoryClient memory)
    {
        DomainId guest = (await memory.ClaimAsync(Claim(), Options)).Domain;
        await memory.LoadAsync(
            new LoadRequest { Domain = guest, Image = Image.Kernel, Data = Google.Protobuf.ByteString.CopyFrom(TinyGuest.Image()) }, Options);
        FinishResponse ports = await memory.FinishAsync(new FinishRequest { Domain = guest }, Options);
        var control = new ControlCalls(host.Privcmd);
        // It counts without end: whatever else wants to run comes first.
        control.SetSchedule((ushort)guest.Id, 1, 0);
        control.Unpause((ushort)guest.Id);
        return (guest, ports.ConsolePort);
    }

    // qemu-dm maps the guest's console and then does nothing any more.
    private async Task EndWhileMappedAsync(MemoryClient memory, ConsoleApi.Console.ConsoleClient console, DomainId victim, uint port, MappedPages kept)
    {
        ulong before = await FreeAsync(memory);
        ulong had = (await memory.GetInfoAsync(new GetInfoRequest { Domains = { victim } }, Options)).Domains.Select(static d => d.CurrentBytes + d.PoolBytes).Single();
        await console.ConnectAsync(
            new ConsoleApi.ConnectRequest { Domain = victim.Id, DomainGeneration = victim.Generation, GrantReference = ConsoleReference, RemotePort = port }, Options);
        // For the page that qemu-dm maps its kernel may have given up one of its own.
        ulong mapped = await FreeAsync(memory);
        await memory.DestroyAsync(new DestroyRequest { Domain = victim }, Options);
        await memory.DestroyAsync(new DestroyRequest { Domain = victim }, Options);
        ulong missing = mapped + had - await FreeAsync(memory);
        _attempts.Holds("a guest is destroyed while a back end that hangs maps it", _information.GetDomain((ushort)victim.Id) is null);
        host.Log.Info($"{missing} bytes are missing");
        _attempts.Holds("only the page that is mapped is missing", missing == PageSize);
        BinaryPrimitives.WriteUInt64LittleEndian(kept.Bytes[16..], before + had);
        DomainId next = (await memory.ClaimAsync(Claim(), Options)).Domain;
        _attempts.Holds("the dead guest's number is not given again at once", next.Id > victim.Id);
        await memory.DestroyAsync(new DestroyRequest { Domain = next }, Options);
    }

    // In the next life: the supervisor ends the service that hangs, and with that the page comes back.
    private async Task LookAsync(MemoryClient memory, MappedPages kept)
    {
        ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(kept.Bytes[16..]);
        ushort neighbour = BinaryPrimitives.ReadUInt16LittleEndian(kept.Bytes[8..]);
        ulong time = _information.GetVcpu(neighbour, 0)?.CpuTime ?? 0;
        long start = Environment.TickCount64;
        do
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        while (await FreeAsync(memory) != expected && Environment.TickCount64 - start < Patience.TotalMilliseconds);
        _attempts.Holds("all memory of the dead guest is back", await FreeAsync(memory) == expected);
        _attempts.Holds("the other guest has gone on", _information.GetVcpu(neighbour, 0)?.CpuTime > time);
    }

    private async Task AllAnswerAsync(CallInvoker[] peers)
    {
        foreach (CallInvoker peer in peers)
            await HostilePeer.AnswersAsync(peer, _attempts);
    }

    private async Task<ulong> FreeAsync(MemoryClient memory) => (await memory.GetInfoAsync(new GetInfoRequest(), Options)).FreeBytes;

    private RingInfo Ring(string peer) => host.Rings.Single(r => r.PeerName == peer);

    private static ClaimRequest Claim() => new()
    {
        MemoryBytes = 8 << 20,
        Vcpus = 1,
        KernelBytes = (ulong)TinyGuest.Image().Length,
        RequestId = Google.Protobuf.ByteString.CopyFrom(Guid.NewGuid().ToByteArray()),
    };
}
