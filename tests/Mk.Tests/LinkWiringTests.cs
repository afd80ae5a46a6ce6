using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using FakeQemu.Services;
using Grpc.Core;
using Microkernel.Rings;
using Microkernel.Rpc;
using Mk.Machine;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Tests;

/// <summary>The ring in a device's memory: both sides look at it by themselves.</summary>
public sealed class LinkWiringTests
{
    private string _folder = "";

    private string File => Path.Combine(_folder, "link");

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("mk-test-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private LinkWiring Open(bool isSecond, Action? ring = null) => LinkWiring.Open(File, isSecond, ring ?? (static () => { }));

    private RingEndpoint Toolstack() => new(new RingRendezvous(Open(isSecond: false)), new FakeSystem().Bind());

    private static CallOptions Patient => new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)).WithWaitForReady();

    [Test, CancelAfter(60_000)]
    public async Task CallsGoThroughAndRingTheBellAndARestartIsSurvived(CancellationToken cancel)
    {
        LinkWiring.CreateFile(File);
        int rings = 0;
        using var host = new RingEndpoint(new RingRendezvous(Open(isSecond: true, () => Interlocked.Increment(ref rings))));
        var client = new Api.Toolstack.ToolstackClient(host.CallInvoker);
        using (Toolstack())
            Assert.That((await client.GetHostAsync(new Api.GetHostRequest(), Patient)).Cpus, Is.EqualTo(2));
        Assert.That(rings, Is.Positive);
        Assert.That(async () => await client.GetHostAsync(new Api.GetHostRequest()), Throws.TypeOf<RpcException>());
        using (Toolstack())
            Assert.That((await client.GetHostAsync(new Api.GetHostRequest(), Patient)).Cpus, Is.EqualTo(2));
    }

    [Test]
    public void TheMemoryIsForItsOwnerOnlyAndNothingIsAllocatedYet()
    {
        LinkWiring.CreateFile(File);
        Assert.That(System.IO.File.GetUnixFileMode(File), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(new FileInfo(File).Length, Is.EqualTo(LinkWiring.DeviceSize));
        Assert.That(LinkWiring.DeviceSize & (LinkWiring.DeviceSize - 1), Is.Zero, "a device's memory is a power of two");
    }

    [TestCase(0, 1)]
    [TestCase(99, 1)]
    [TestCase(100, 5)]
    [TestCase(5000, 20)]
    public void ItLooksLessOftenTheLongerNothingHappens(int idle, int period) =>
        Assert.That(LinkWiring.Period(TimeSpan.FromMilliseconds(idle)), Is.EqualTo(TimeSpan.FromMilliseconds(period)));

    [Test, CancelAfter(60_000)]
    public async Task AWaitEndsByAnInterruptByNewsAndByTime(CancellationToken cancel)
    {
        LinkWiring.CreateFile(File);
        using LinkWiring host = Open(isSecond: true), toolstack = Open(isSecond: false);
        host.Wait(TimeSpan.FromMilliseconds(20));
        Task wait = Task.Run(() => host.Wait(Timeout.InfiniteTimeSpan), cancel);
        host.Interrupt();
        await wait;
        wait = Task.Run(() => host.Wait(Timeout.InfiniteTimeSpan), cancel);
        toolstack.Memory[0] = 1;
        await wait;
        host.Memory[RendezvousLayout.SideSize] = 1;
        host.Wait(TimeSpan.FromMilliseconds(20));
    }
}
