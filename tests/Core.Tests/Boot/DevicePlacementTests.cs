using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

/// <summary>Where an entry's devices lie, and which it does not get.</summary>
public sealed class DevicePlacementTests
{
    private const int FrameCount = 16384;
    private const ulong Bus = 0x40_0000_0000;
    private const ulong Page = PhysicalMemory.FrameSize;
    private const ulong MiB = 1 << 20;

    private FakeMachine _machine = null!;

    [SetUp]
    public void SetUp() => _machine = new FakeMachine(2, FrameCount) { VcpuFactory = static () => new FakeVcpuHardware() };

    [Test]
    public void EachLiesAtAMultipleOfItsSize()
    {
        DeviceMemory[] devices = Place((Bus, Page), (Bus + (64 * MiB), 64 * MiB), (Bus + Page, Page));
        Assert.That(devices.Select(static d => d.Gfn * Page), Is.EqualTo(new[] { 0xD000_0000, 0xD400_0000, 0xD800_0000 }));
        Assert.That(devices.Select(static d => d.FrameCount), Is.EqualTo(new ulong[] { 1, 16384, 1 }));
        Assert.That(devices[1].Mfn, Is.EqualTo((Bus + (64 * MiB)) / Page));
    }

    [Test]
    public void AllOfThemEndBeforeTheNextThing()
    {
        DeviceMemory[] devices = Place((Bus, 512 * MiB), (Bus + (512 * MiB), Page));
        Assert.That(devices[0].Gfn * Page, Is.EqualTo(GuestLayout.DeviceMemory));
        Assert.That((devices[0].Gfn + devices[0].FrameCount) * Page, Is.EqualTo(GuestLayout.DeviceMemoryEnd));
        Assert.That(devices[1].Mfn, Is.Zero);
        Assert.That(_machine.Log.ToString(), Does.Contain("goes without"));
        devices = Place((Bus, Page), (Bus + (512 * MiB), 512 * MiB), (Bus + (256 * MiB), 256 * MiB));
        Assert.That(devices.Select(static d => d.Gfn * Page), Is.EqualTo(new ulong[] { 0xD000_0000, 0, 0xE000_0000 }));
    }

    [TestCase(0ul, 0ul, TestName = "A device that is not there")]
    [TestCase(Bus, 2048ul, TestName = "Less than a page")]
    [TestCase(Bus, 1024 * MiB, TestName = "Too much")]
    [TestCase(100 * Page, Page, TestName = "It lies over free memory")]
    [TestCase(8ul * Page, Page, TestName = "It lies over the core")]
    public void SomeAreRefused(ulong address, ulong size)
    {
        DeviceMemory[] devices = Place((address, size));
        Assert.That(devices[0].Mfn, Is.Zero);
        Assert.That(_machine.Log.ToString(), Does.Contain("\"owner\"").And.Contain("goes without"));
    }

    [Test]
    public void TheirPlaceIsReservedInTheMapOfWhoHasThem()
    {
        GuestMemoryMap map = new();
        GuestLayout.Fill(map, new DomainConfig { MemoryFrames = 1024 });
        Assert.That(Ranges(map), Has.None.EqualTo((GuestLayout.DeviceMemory, 2u)));
        map.Clear();
        GuestLayout.Fill(map, new DomainConfig { MemoryFrames = 1024, Devices = [new DeviceMemory(1, 0)] });
        Assert.That(Ranges(map), Has.One.EqualTo((GuestLayout.DeviceMemory, 2u)));
        Assert.That(Ranges(map).Select(static r => r.Start), Is.Ordered);
    }

    private static List<(ulong Start, uint Type)> Ranges(GuestMemoryMap map) =>
        [.. Enumerable.Range(0, map.Count).Select(i => (map.Start(i), map.Type(i)))];

    // What a manifest's entry gets of devices 1af4:0, 1af4:1 and so on.
    private DeviceMemory[] Place(params (ulong Address, ulong Size)[] found)
    {
        for (int i = 0; i < found.Length; i++)
            _machine.Devices[0x1af4 | (uint)i << 16] = found[i];

        string lines = string.Concat(found.Select(static (_, i) => $"device 1af4:{i:x} 2\n"));
        byte[] manifest = Encoding.ASCII.GetBytes($"domain owner\nkernel manifest\nmemory 1M\n{lines}");
        manifest.CopyTo(_machine.Frames[1]);
        HostMemory memory = new(_machine, FrameCount);
        memory.Frames.MarkCore(0, 64);
        Kernel kernel = Startup.Prepare(_machine, new BootInformation
        {
            Memory = memory,
            Modules = [new BootModule { Name = "manifest"u8.ToArray(), Address = Page, Length = (ulong)manifest.Length }],
        });
        memory.Allocator.AddFree(64, FrameCount - 64);
        Startup.TakeLentMemory(kernel);
        return kernel.Domains.Slots[0].Config.Devices;
    }
}
