using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Rpc.Local;
using Microkernel.Services.Memory.Building;
using NUnit.Framework;

namespace Microkernel.Services.Memory.Tests;

[TestFixture]
internal sealed class GuestMemoryServiceTests
{
    [Test]
    public async Task AClaimThatDoesNotFitIsRefusedWithWhatThereIsAndNothingIsBuilt()
    {
        var all = new Calls(new FakeHypervisor());
        ClaimRequest request = Calls.ClaimOf(1);
        request.MemoryBytes = request.MaximumMemoryBytes = 100 << 20;
        RpcException e = (await Assert.ThrowsAsync<RpcException>(() => all.Service.Claim(request, null!)))!;
        Assert.That(e.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(e.Status.Detail, Does.Contain("64 of 64 MiB"));
        Assert.That(all.Hypervisor.Domains, Is.Empty);
        await all.BuildAsync(2);
    }

    [Test]
    public async Task TheSameRequestIsTheSameDomainUntilThatIsGivenUp()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId first = await all.ClaimAsync(1);
        Assert.That(await all.ClaimAsync(1), Is.EqualTo(first));
        Assert.That(await all.ClaimAsync(2), Is.Not.EqualTo(first));
        all.Service.BeginSession();
        DomainId second = await all.ClaimAsync(1);
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(() => all.Hypervisor.Domains.Keys, Is.EqualTo(new[] { second.Id }).After(2000, 5));
        await all.LoadAllAsync(second);
        await all.FinishAsync(second);
    }

    [Test]
    public async Task ABuilderThatIsSilentForAMinuteLosesItsDomain()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId domain = await all.ClaimAsync(1);
        all.Time.Pass(TimeSpan.FromSeconds(50));
        await all.LoadAsync(domain, Image.Kernel, 0);
        all.Time.Pass(TimeSpan.FromSeconds(50));
        all.Service.Tend();
        Assert.That(all.Hypervisor.Domains, Has.Count.EqualTo(1));
        all.Time.Pass(TimeSpan.FromSeconds(11));
        all.Service.Tend();
        Assert.That(all.Hypervisor.Domains, Is.Empty);
        Assert.That(Calls.CodeOf(() => all.LoadAsync(domain, Image.Kernel, Calls.PartSize)), Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task AfterARestartCompleteDomainsAreKeptAndHalfBuiltOnesAreNot()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId complete = await all.BuildAsync(1);
        DomainId half = await all.ClaimAsync(2);
        all.Restart();
        Assert.That(all.Hypervisor.Domains.Keys, Is.EqualTo(new[] { complete.Id }));
        Assert.That(Calls.CodeOf(() => all.FinishAsync(half)), Is.EqualTo(StatusCode.NotFound));
        GetInfoResponse info = await all.Service.GetInfo(new GetInfoRequest(), null!);
        Assert.That(info.Domains.Single().Domain, Is.EqualTo(complete));
        Assert.That(info.Domains.Single().TargetBytes, Is.EqualTo(8 << 20));
        Assert.That(info.Domains.Single().MaximumBytes, Is.EqualTo(16 << 20));
        Assert.That(info.CoreBytes, Is.Zero);
    }

    [Test]
    public async Task AnotherGenerationIsAnotherDomain()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId domain = await all.BuildAsync(1);
        var wrong = new DomainId { Id = domain.Id, Generation = domain.Generation + 1 };
        Assert.That((await all.DestroyAsync(wrong)).ReturnedBytes, Is.Zero);
        Assert.That(Calls.CodeOf(() => all.Service.SetTarget(new SetTargetRequest { Domain = wrong }, null!)), Is.EqualTo(StatusCode.NotFound));
        Assert.That(all.Hypervisor.Domains, Has.Count.EqualTo(1));
        Assert.That((await all.DestroyAsync(domain)).ReturnedBytes, Is.EqualTo((8 << 20) + (3 << 12)));
        Assert.That((await all.DestroyAsync(domain)).ReturnedBytes, Is.Zero);
    }

    [Test]
    public void ServicesAreOutOfReach()
    {
        var all = new Calls(new FakeHypervisor());
        var service = new DomainId { Id = 2, Generation = 1 };
        ClaimRequest privileged = Calls.ClaimOf(1);
        privileged.PrivilegeClass = "toolstack";
        Assert.That(Calls.CodeOf(() => all.Service.Claim(privileged, null!)), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(Calls.CodeOf(() => all.DestroyAsync(service)), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(Calls.CodeOf(() => all.Service.SetTarget(new SetTargetRequest { Domain = service }, null!)), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(Calls.CodeOf(() => all.LoadAsync(service, Image.Kernel, 0)), Is.EqualTo(StatusCode.NotFound));
        Assert.That(all.Log, Has.Exactly(3).Contains("refused: "), "an operator sees that the toolstack has gone bad");
    }

    [Test]
    public void NonsenseIsRefusedAndNothingIsBuilt()
    {
        var all = new Calls(new FakeHypervisor());
        Action<ClaimRequest>[] nonsense =
        [
            static r => r.MemoryBytes = 0,
            static r => r.MemoryBytes = (8 << 20) + 1,
            static r => r.MemoryBytes = r.MaximumMemoryBytes = 1UL << 62,
            static r => r.MaximumMemoryBytes = 4 << 20,
            static r => r.Vcpus = r.MaximumVcpus = 0,
            static r => r.MaximumVcpus = 129,
            static r => r.CommandLine = new string('x', 2048),
            static r => r.CommandLine = "a\nb",
            static r => r.LargestGrantVersion = 3,
            static r => r.KernelBytes = 0,
            static r => r.RequestId = ByteString.Empty,
        ];
        foreach (Action<ClaimRequest> change in nonsense)
        {
            ClaimRequest request = Calls.ClaimOf(1);
            change(request);
            Assert.That(Calls.CodeOf(() => all.Service.Claim(request, null!)), Is.EqualTo(StatusCode.InvalidArgument));
        }

        Assert.That(all.Hypervisor.Domains, Is.Empty);
    }

    [Test]
    public async Task TargetAndMaximumChange()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId domain = await all.BuildAsync(1);
        ulong pool = all.Hypervisor.Domains[domain.Id].Pool;
        SetTargetResponse set = await all.Service.SetTarget(new SetTargetRequest { Domain = domain, TargetBytes = 12 << 20 }, null!);
        Assert.That((set.TargetBytes, set.MaximumBytes), Is.EqualTo((12UL << 20, 16UL << 20)));
        var more = new SetTargetRequest { Domain = domain, MaximumBytes = 32 << 20 };
        set = await all.Service.SetTarget(more, null!);
        Assert.That((set.TargetBytes, set.MaximumBytes), Is.EqualTo((12UL << 20, 32UL << 20)));
        Assert.That(all.Hypervisor.Domains[domain.Id].Maximum, Is.EqualTo((32 << 8) + 3));
        Assert.That(all.Hypervisor.Domains[domain.Id].Pool, Is.EqualTo(pool + (16 << 8) / 128));
        var tooMuch = new SetTargetRequest { Domain = domain, TargetBytes = 33 << 20 };
        Assert.That(Calls.CodeOf(() => all.Service.SetTarget(tooMuch, null!)), Is.EqualTo(StatusCode.OutOfRange));
        GetInfoResponse info = await all.Service.GetInfo(new GetInfoRequest { Domains = { domain } }, null!);
        Assert.That(info.Domains.Single().TargetBytes, Is.EqualTo(12 << 20));
    }

    [Test]
    public async Task EndsAreToldOverARing()
    {
        var all = new Calls(new FakeHypervisor());
        using var ring = new LocalRing(services => Protos.Memory.Memory.BindService(services, all.Service));
        var client = new Protos.Memory.Memory.MemoryClient(ring.Invoker);
        DomainId domain = await all.BuildAsync(1);
        all.Watcher.Scan();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using AsyncServerStreamingCall<DomainChange> changes = client.WatchDomains(new WatchDomainsRequest(), cancellationToken: limit.Token);
        all.Hypervisor.End(domain.Id, 1);
        Task scanning = Task.Run(async () =>
        {
            // The listener may come after the first of these; it is told of what happens from then on.
            for (int reason = 0; !limit.IsCancellationRequested && all.Hypervisor.Domains.Count > 0; reason++)
            {
                all.Watcher.Scan();
                await Task.Delay(20);
            }
        });
        await Task.Delay(200);
        await client.DestroyAsync(new DestroyRequest { Domain = domain });
        bool isTold = false;
        while (!isTold && await changes.ResponseStream.MoveNext(limit.Token))
            isTold = changes.ResponseStream.Current.Gone is { } gone && gone.Domain == domain.Id && gone.DomainGeneration == domain.Generation;
        Assert.That(isTold, Is.True);
        await scanning;
    }

    [Test]
    public async Task AnEndIsToldOnceWithItsReason()
    {
        var all = new Calls(new FakeHypervisor());
        DomainId domain = await all.BuildAsync(1);
        all.Watcher.Scan();
        using var stop = new CancellationTokenSource();
        var heard = all.Watcher.Listen(stop.Token);
        all.Hypervisor.End(domain.Id, 4);
        all.Watcher.Scan();
        all.Watcher.Scan();
        Assert.That(heard.TryRead(out DomainChange? change), Is.True);
        Assert.That(change!.Ended, Is.EqualTo(new DomainEnded { Domain = domain.Id, DomainGeneration = domain.Generation, Reason = EndReason.Watchdog }));
        Assert.That(heard.TryRead(out _), Is.False);
        stop.Cancel();
        await heard.Completion;
    }
}
