using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Microkernel.Rpc;
using Microkernel.Services;
using Microkernel.Xen;
using SchedulerApi = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.HostileService;

/// <summary>
/// In place of the scheduler, once somebody asks for a policy: tries everything that a policy may not, floods the core, and then is silent.
/// Its next life looks at what has become of the contexts. Two guests compute.
/// </summary>
internal sealed class HostileScheduler(ServiceHost host) : SchedulerApi.SchedulerBase
{
    private const ushort Memory = 1, XenStore = 2;
    private const int PictureAt = sizeof(long);

    private readonly Attempts _attempts = new(host.Log);
    private readonly RawCalls _calls = new(host.Privcmd);
    private readonly RawTransactions _raw = new(host.Privcmd);
    private readonly ControlCalls _control = new(host.Privcmd);
    private readonly TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal async Task RunAsync()
    {
        using MappedPages kept = host.Calls.MapKept(host.Info);
        RingEndpoint memory = host.Connect("memory"), toolstack = host.Connect("toolstack", services => SchedulerApi.BindService(services, this));
        host.Serve();
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(kept.Bytes);
        if (length == 0)
        {
            await _isAsked.Task;
            await AttackAsync([memory.CallInvoker, toolstack.CallInvoker], kept);
            _attempts.Report("silence");
            Silence.Begin();
        }
        else
        {
            string left = Encoding.UTF8.GetString(kept.Bytes.Slice(PictureAt, length));
            _attempts.Holds("contexts are as they were left", new SchedulingScene(new PolicyCalls(host.Privcmd)).PictureOfGuests() == left);
            _attempts.Report("afterwards");
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public override Task<SetPolicyResponse> SetPolicy(SetPolicyRequest request, ServerCallContext context)
    {
        _isAsked.TrySetResult();
        return Task.FromResult(new SetPolicyResponse());
    }

    /// <inheritdoc/>
    /// <remarks>Guests come, and the toolstack is told that they have what they want: they have not.</remarks>
    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context) =>
        Task.FromResult(new SetParametersResponse());

    private async Task AttackAsync(CallInvoker[] peers, MappedPages kept)
    {
        var scene = new SchedulingScene(new PolicyCalls(host.Privcmd));
        _attempts.Holds("a policy that is right is taken", _raw.Apply(scene.Generation, scene.RightContexts(), scene.NoTables()) == 0);
        string picture = scene.Picture();
        new HostileTransactions(_attempts, scene, _raw).Run();
        CloseCpus(scene);
        AttackDomains(scene);
        await new SchedulingFlood(_attempts, scene, _raw).RunAsync(() => AllAnswerAsync(peers));
        _attempts.Holds("contexts are as before all", scene.Picture() == picture);
        HostilePeer.Scribble(host, host.Rings.Single(static r => r.PeerName == "toolstack"));
        await AllAnswerAsync(peers[..1]);
        Keep(kept, scene.PictureOfGuests());
    }

    // To close one CPU to services is a policy's right; the last one stays theirs.
    private void CloseCpus(SchedulingScene scene)
    {
        var tables = new BadTables(scene);
        _attempts.Holds("a table may close a CPU to services", _raw.Apply(scene.Generation, [], tables.ClosesLastCpu()) == 0);
        _attempts.Refused("a table that closes the other one too", ErrorNumber.Busy, () => _raw.Apply(scene.Generation, [], tables.ClosesTheOther()));
        foreach (VcpuId service in scene.Services)
            Refused($"a pin of the service {service.Domain} to the closed CPU", ErrorNumber.Busy, () => _control.Pin(service.Domain, 0, 1UL << (int)scene.LastCpu));
        _attempts.Holds("the CPU can be opened again", _raw.Apply(scene.Generation, [], scene.NoTables()) == 0);
    }

    // By domctl, for which its privilege is the same.
    private void AttackDomains(SchedulingScene scene)
    {
        foreach (ushort domain in scene.Services.Select(static id => id.Domain).Where(id => id != host.Info.Entry))
        {
            Refused($"a pause of the service {domain}", ErrorNumber.NotPermitted, () => _control.Pause(domain));
            Refused($"a cap for the service {domain}", ErrorNumber.NotPermitted, () => _control.SetSchedule(domain, 256, 1));
            Refused($"a weight of 0 for the service {domain}", ErrorNumber.Invalid, () => _control.SetSchedule(domain, 0, 0));
            Refused($"a pin of the service {domain} to no CPU", ErrorNumber.Invalid, () => _control.Pin(domain, 0, 0));
            Refused($"a pin of the service {domain} to a CPU that is not there", ErrorNumber.Invalid, () => _control.Pin(domain, 0, 1UL << 63));
            _attempts.Refused($"remote_shutdown of the service {domain}", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Scheduler, 4, domain | 3UL << 32));
        }

        ushort guest = scene.Guests[0].Domain;
        Refused("a pin of a vCPU that is not there", ErrorNumber.Invalid, () => _control.Pin(guest, 99, ulong.MaxValue));
        Refused("a pin of a domain that is not there", ErrorNumber.NoSuchDomain, () => _control.Pin(0x7000, 0, ulong.MaxValue));
        Refused("a cap that is less than what is guaranteed", ErrorNumber.Invalid, () => _control.SetSchedule(guest, 256, 1));
        foreach (ushort domain in new[] { Memory, XenStore, guest })
            new ForeignAttempts(_attempts, _calls, domain).Run();
    }

    private async Task AllAnswerAsync(CallInvoker[] peers)
    {
        foreach (CallInvoker peer in peers)
            await HostilePeer.AnswersAsync(peer, _attempts);
    }

    private void Refused(string what, int error, Action call) => _attempts.Refused(what, error, () =>
    {
        try
        {
            call();
            return 0;
        }
        catch (XenException e)
        {
            return -e.Error;
        }
    });

    private static void Keep(MappedPages kept, string picture)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(picture);
        bytes.CopyTo(kept.Bytes[PictureAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(kept.Bytes, bytes.Length);
    }
}
