using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;
using Microkernel.Rings;
using Microkernel.Rpc;
using Microkernel.Xen;
using NUnit.Framework;
using HealthClient = Microkernel.Protos.Health.Health.HealthClient;

namespace Microkernel.Services.Tests;

/// <summary>Hosts outside of a domain, with rings within the process.</summary>
public sealed class HostTests
{
    private const int RingSize = 64 * 1024;

    private static ServiceHost NewHost(string name, params string[] arguments) => new(name, arguments, new ServiceLog(Stream.Null));

    private static CallOptions Options => new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)).WithWaitForReady();

    [Test]
    public async Task EveryRingServesHealth()
    {
        var wire = new LocalWire(RingSize);
        ServiceHost memory = NewHost("memory"), store = NewHost("xenstore");
        using RingEndpoint toStore = memory.Open("xenstore", wire.Start(isSecond: false));
        using RingEndpoint toMemory = store.Open("memory", wire.Start(isSecond: true));
        var client = new HealthClient(toStore.CallInvoker);
        Assert.That((await client.CheckAsync(new CheckRequest(), Options)).Condition, Is.EqualTo(Condition.Starting));
        store.Serve();
        CheckResponse serving = await client.CheckAsync(new CheckRequest(), Options);
        Assert.That((serving.Condition, serving.Reason), Is.EqualTo((Condition.Serving, "")));
        Assert.That(serving.UptimeNs, Is.Positive);
        Assert.That(serving.MemoryUsedBytes, Is.Positive);
        store.Health.SetImpaired("no journal");
        Assert.That((await client.CheckAsync(new CheckRequest(), Options)).Reason, Is.EqualTo("no journal"));
    }

    [Test]
    public async Task OnlyTheSupervisorStopsAService()
    {
        LocalWire one = new(RingSize), two = new(RingSize);
        ServiceHost memory = NewHost("memory"), toolstack = NewHost("toolstack"), store = NewHost("xenstore");
        using RingEndpoint fromMemory = memory.Open("xenstore", one.Start(isSecond: false));
        using RingEndpoint fromToolstack = toolstack.Open("xenstore", two.Start(isSecond: false));
        using RingEndpoint toMemory = store.Open("memory", one.Start(isSecond: true));
        using RingEndpoint toToolstack = store.Open("toolstack", two.Start(isSecond: true));
        RpcException? refused = await Assert.ThrowsAsync<RpcException>(
            async () => await new HealthClient(fromToolstack.CallInvoker).StopAsync(new StopRequest(), Options));
        Assert.That(refused!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(store.Stopping.IsCancellationRequested, Is.False);
        RpcException noPanic = (await Assert.ThrowsAsync<RpcException>(
            async () => await new HealthClient(fromToolstack.CallInvoker).PanicAsync(new PanicRequest(), Options)))!;
        Assert.That(noPanic.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        RpcException noDomain = (await Assert.ThrowsAsync<RpcException>(
            async () => await new HealthClient(fromMemory.CallInvoker).PanicAsync(new PanicRequest(), Options)))!;
        Assert.That(noDomain.StatusCode, Is.EqualTo(StatusCode.FailedPrecondition));
        await new HealthClient(fromMemory.CallInvoker).StopAsync(new StopRequest(), Options);
        Assert.That(() => store.Stopping.IsCancellationRequested, Is.True.After(10_000, 10));
    }

    [Test]
    public void ARingIsOpenedOnce()
    {
        ServiceHost host = NewHost("memory");
        using RingEndpoint first = host.Open("xenstore", new LocalWire(RingSize).Start(isSecond: false));
        Assert.That(
            () => host.Open("xenstore", new LocalWire(RingSize).Start(isSecond: false)),
            Throws.InvalidOperationException.With.Message.EqualTo("the ring to xenstore is open already"));
    }

    [Test]
    public void OutsideOfADomainTheHypervisorIsMissedClearly() =>
        Assert.That(
            () => NewHost("memory").Info,
            Throws.TypeOf<XenException>().With.Message.StartsWith("cannot open /dev/xen/privcmd").And.Property("ErrorName").EqualTo("ENOENT"));

    [Test]
    public void AServiceThatReturnsEndsTheProgramInOrder()
    {
        ServiceHost? seen = null;
        int code = ServiceHost.Run("test", ["debug"], host =>
        {
            seen = host;
            host.Stop("the test is over");
            return Task.Delay(Timeout.Infinite, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        Assert.That(code, Is.Zero);
        Assert.That(seen!.Log.Least, Is.EqualTo(LogLevel.Debug));
    }

    [TestCase(1, "EPERM: this domain has no privilege for it")]
    [TestCase(17, "EEXIST")]
    [TestCase(999, "error 999")]
    public void AnErrorSaysWhatWasTried(int error, string name) =>
        Assert.That(new XenException("fly", error).Message, Is.EqualTo($"cannot fly: {name}"));
}
