using System;
using System.Buffers.Binary;
using System.Linq;
using FsCheck.NUnit;
using Microkernel.Core.Domains;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;
using NUnit.Framework;

namespace Microkernel.Services.Memory.Tests;

/// <summary>Kernels and RAM disks find their way into a domain's memory, however they come.</summary>
[TestFixture]
internal sealed class ImageTests
{
    private const int MemoryFrames = 8 << 8;
    private const ulong InfoStart = (MemoryFrames - 4) * 4096UL;

    private static readonly BackEnds Back = new(4, 2);

    [TestCase(true)]
    [TestCase(false)]
    public void ABzImageAndAnElfFileStartWhereTheySay(bool isElf)
    {
        FakeDomain domain = BuildFromParts(isElf ? KernelImages.Elf() : KernelImages.BzImage(), KernelImages.Pattern(5000, 3), [4096]);
        Span<byte> entry = domain.Entry;
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(entry[40..]), Is.EqualTo(isElf ? KernelImages.ElfEntry : KernelImages.BzImageEntry));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]), Is.EqualTo(InfoStart));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(entry[32..]), Is.EqualTo(isElf ? 0 : InfoStart + 8192));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(domain.Read(InfoStart, 4)), Is.EqualTo(0x336E_C578));
        Assert.That(domain.Read(InfoStart + 4096, 6), Is.EqualTo("quiet\0"u8.ToArray()));
        Assert.That(domain.Read(0xFC00_0000, 8), Is.EqualTo("RSD PTR "u8.ToArray()));
    }

    [Test]
    public void EveryByteOfAnElfFileIsWhereItsHeaderSays()
    {
        byte[] elf = KernelImages.Elf();
        byte[] ramdisk = KernelImages.Pattern(5000, 3);
        FakeDomain domain = BuildFromParts(elf, ramdisk, [4096]);
        Assert.That(domain.Read(0x10_0000, 0x3123), Is.EqualTo(elf[0x800..0x3923]));
        Assert.That(domain.Read(0x20_0040, 0x2000), Is.EqualTo(elf[0x4000..0x6000]));
        Assert.That(domain.Read(InfoStart - 8192, ramdisk.Length), Is.EqualTo(ramdisk));
    }

    [FsCheck.NUnit.Property(MaxTest = 50)]
    public void PartsOfAnyLengthMakeTheSameMemoryAsFiles(bool isElf, ushort[] lengths, ushort ramdiskLength)
    {
        byte[] kernel = isElf ? KernelImages.Elf() : KernelImages.BzImage();
        byte[] ramdisk = KernelImages.Pattern(ramdiskLength, 5);
        FakeDomain parts = BuildFromParts(kernel, ramdisk, [4096, .. lengths.Select(static l => 1 + (l % 9000))]);
        FakeDomain files = BuildFromFiles(kernel, ramdisk);
        Assert.That(parts.Entry, Is.EqualTo(files.Entry));
        Assert.That(parts.Content.Keys, Is.EquivalentTo(files.Content.Keys));
        foreach ((ulong page, byte[] content) in parts.Content)
            Assert.That(content.AsSpan().SequenceEqual(files.Content[page]), Is.True, $"page 0x{page:x}");
    }

    /// <summary>Whatever an image says: it is refused, or nothing is written outside of the domain's memory (the model throws for that).</summary>
    [FsCheck.NUnit.Property(MaxTest = 500)]
    public void DamagedImagesAreRefusedOrStayInBounds(bool isElf, bool isFile, (ushort At, byte Value)[] damage)
    {
        byte[] kernel = isElf ? KernelImages.Elf() : KernelImages.BzImage();
        foreach ((ushort at, byte value) in damage)
        {
            // Headers and notes, mostly.
            int place = at % 4 == 0 ? 0x7F00 + (at % 0x30) : isElf ? at % 0x100 : 0x1F1 + (at % 0x80);
            kernel[place] = value;
        }

        try
        {
            _ = isFile ? BuildFromFiles(kernel, []) : BuildFromParts(kernel, [], [4096, 777]);
        }
        catch (BuildException e)
        {
            Assert.That(e.Message, Is.Not.Empty);
        }
    }

    [Test]
    public void AnImageThatIsNoKernelIsRefused() =>
        Assert.That(() => BuildFromParts(KernelImages.Pattern(9000, 1), [], [4096]), Throws.TypeOf<BuildException>().With.Message.Contains("neither"));

    [Test]
    public void AnElfFileWithoutEntryNoteIsRefusedWhenAllOfItHasPassed()
    {
        byte[] elf = KernelImages.Elf();
        elf[0x7F08] = 17;
        Assert.That(() => BuildFromParts(elf, [], [4096]), Throws.TypeOf<BuildException>().With.Message.Contains("no PVH entry note"));
    }

    [Test]
    public void ARamdiskThatReachesIntoTheKernelIsRefused() =>
        Assert.That(
            () => BuildFromParts(KernelImages.BzImage(), KernelImages.Pattern((5 << 20) + 4096, 2), [4096]),
            Throws.TypeOf<BuildException>().With.Message.Contains("more memory"));

    [Test]
    public void PartsMustComeInOrderAndAreNeverTooMany()
    {
        byte[] kernel = KernelImages.BzImage();
        DomainBuild build = Begin(new FakeHypervisor(), kernel.Length, 100);
        Assert.That(() => build.LoadRamdisk(0, new byte[10]), Throws.TypeOf<BuildException>().With.Message.Contains("before the RAM disk"));
        Assert.That(() => build.LoadKernel(0, kernel.AsSpan(0, 100).ToArray()), Throws.TypeOf<BuildException>().With.Message.Contains("first part"));
        build.LoadKernel(0, kernel.AsSpan(0, 8192));
        Assert.That(() => build.LoadKernel(0, new byte[10]), Throws.TypeOf<BuildException>().With.Message.Contains("8192 bytes of it are there"));
        Assert.That(() => build.LoadKernel(8192, new byte[kernel.Length]), Throws.TypeOf<BuildException>().With.Message.Contains("longer than"));
        Assert.That(() => build.FinishGuest(Back), Throws.TypeOf<BuildException>().With.Message.Contains("8192 of"));
    }

    [TestCase(18, (3 << 18) + 512, new[] { 18, 9 })]
    [TestCase(9, 1 << 18, new[] { 9 })]
    [TestCase(18, 600, new[] { 9, 0 })]
    [TestCase(0, 600, new[] { 0 })]
    public void MemoryComesInTheLargestPagesThatFitAndThatThereAre(int largest, int frames, int[] orders)
    {
        var hypervisor = new FakeHypervisor(4 << 18) { LargestOrder = largest };
        var config = new DomainConfig { MemoryFrames = frames, VcpuCount = 1 };
        DomainShell.Make(hypervisor, 0, config, (ulong)frames, DomainHandle.New(), hypervisor.Destroy);
        FakeDomain domain = hypervisor.Domains.Values.Single();
        Assert.That(domain.Pages, Has.Count.EqualTo(frames + DomainShell.ExtraPages));
        Assert.That(domain.Pages.Where(static p => p.Key is < 0xC_0000 or >= 0x10_0000).Select(static p => p.Value).Distinct(), Is.EquivalentTo(orders));
        Assert.That(domain.Pages.ContainsKey(0xC_0000), Is.False);
        Assert.That(domain.Claimed, Is.Zero);
    }

    private static DomainBuild Begin(FakeHypervisor hypervisor, int kernelLength, int ramdiskLength)
    {
        var config = new DomainConfig { MemoryFrames = MemoryFrames, VcpuCount = 2, CommandLine = "quiet"u8.ToArray() };
        DomainHandle handle = DomainHandle.New();
        uint id = DomainShell.Make(hypervisor, 0, config, MemoryFrames, handle, hypervisor.Destroy);
        return new DomainBuild(hypervisor, id, handle, config, (ulong)kernelLength, (ulong)ramdiskLength);
    }

    private static FakeDomain BuildFromParts(byte[] kernel, byte[] ramdisk, int[] lengths)
    {
        var hypervisor = new FakeHypervisor();
        DomainBuild build = Begin(hypervisor, kernel.Length, ramdisk.Length);
        int next = 0;
        for (int at = 0; at < kernel.Length;)
        {
            int length = Math.Min(lengths[next++ % lengths.Length], kernel.Length - at);
            length = at == 0 ? Math.Min(Math.Max(length, 4096), kernel.Length) : length;
            build.LoadKernel((ulong)at, kernel.AsSpan(at, length));
            at += length;
        }

        for (int at = 0; at < ramdisk.Length;)
        {
            int length = Math.Min(lengths[next++ % lengths.Length], ramdisk.Length - at);
            build.LoadRamdisk((ulong)at, ramdisk.AsSpan(at, length));
            at += length;
        }

        build.FinishGuest(Back);
        return hypervisor.Domains[build.Domain];
    }

    private static FakeDomain BuildFromFiles(byte[] kernel, byte[] ramdisk)
    {
        var hypervisor = new FakeHypervisor();
        BootFile kernelFile = hypervisor.AddFile("kernel", kernel);
        BootFile? ramdiskFile = ramdisk.Length == 0 ? null : hypervisor.AddFile("ramdisk", ramdisk);
        DomainBuild build = Begin(hypervisor, kernel.Length, ramdisk.Length);
        build.LoadFiles(kernelFile, ramdiskFile);
        build.FinishGuest(Back);
        return hypervisor.Domains[build.Domain];
    }
}
