using System;
using System.Buffers.Binary;
using System.Linq;
using Microkernel.Core.Boot;
using Microkernel.Core.Memory;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

[TestFixture]
public sealed class LinuxImageTests
{
    private const ulong Memory = 256 << 20;

    [Test]
    public void PlansTheProtectedModePartAtItsPreferredAddress()
    {
        GuestPlan plan = new();
        Assert.That(Plan(MakeImage(), plan), Is.Null);
        Assert.That(plan.IsLinuxImage, Is.True);
        Assert.That(plan.Entry, Is.EqualTo(0x100_0000));
        Assert.That(plan.KernelEnd, Is.EqualTo(0x100_0000 + 0x200_0000));
        Assert.That((plan.CurrentJob.Offset, plan.CurrentJob.Length), Is.EqualTo((0xA00UL, 0x600UL)));
    }

    [Test]
    public void RefusesAnImageThatNeedsMoreMemory()
    {
        ModuleReader reader = TestModule.Of(MakeImage());
        Assert.That(LinuxImage.Plan(in reader, 0, 32 << 20, new GuestPlan()), Does.Contain("give it more memory"));
    }

    [Test]
    public void RefusesAnOldProtocol()
    {
        byte[] image = MakeImage();
        image[0x206] = 0x0B;
        Assert.That(Plan(image, new GuestPlan()), Does.Contain("too old"));
    }

    [Test]
    public void ParametersCarryTheHeaderAndWhatTheLoaderAdds()
    {
        ModuleReader reader = TestModule.Of(MakeImage());
        byte[] parameters = new byte[LinuxImage.ParametersSize];
        LinuxParameters values = new()
        {
            Entry = 0x100_0000,
            CommandLine = 0x2000,
            RamdiskStart = 0x5000,
            RamdiskLength = 0x123,
            AcpiRoot = 0xFC00_0000,
        };
        Assert.That(LinuxImage.TryFillParameters(in reader, in values, parameters), Is.True);
        GuestMemoryMap map = new();
        map.Add(0, 0x1000_0000, 1);
        map.Add(0xFC00_0000, 0x1000, 3);
        LinuxImage.AddMemoryMap(parameters, map);
        Assert.That(parameters.AsSpan(0x202, 4).SequenceEqual("HdrS"u8), Is.True);
        Assert.That(parameters[0x210], Is.EqualTo(0xFF));
        Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(parameters.AsSpan(0x70)), Is.EqualTo(0xFC00_0000));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(parameters.AsSpan(0x228)), Is.EqualTo(0x2000));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(parameters.AsSpan(0x218)), Is.EqualTo(0x5000));
        Assert.That(parameters[0x1E8], Is.EqualTo(2));
        Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(parameters.AsSpan(0x2D0 + 20)), Is.EqualTo(0xFC00_0000));
        Assert.That(parameters.AsSpan(0, 0x70).ToArray(), Is.All.Zero);
    }

    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public void DamagedImagesAreRefusedOrStayInBounds((ushort At, byte Value)[] damage)
    {
        byte[] image = MakeImage();
        foreach ((ushort at, byte value) in damage)
        {
            image[0x1F1 + (at % 0x80)] = value;
        }

        GuestPlan plan = new();
        if (Plan(image, plan) == null)
        {
            CopyJob job = plan.CurrentJob;
            Assert.That(job.Offset + job.Length, Is.LessThanOrEqualTo((ulong)image.Length));
            Assert.That(job.Target + job.Length, Is.LessThanOrEqualTo(Memory));
        }
    }

    private static string? Plan(byte[] image, GuestPlan plan)
    {
        ModuleReader reader = TestModule.Of(image);
        return LinuxImage.Plan(in reader, 0, Memory, plan);
    }

    // Four setup sectors and 0x600 bytes of kernel that wants 32 MiB at 16 MiB.
    private static byte[] MakeImage()
    {
        byte[] image = [.. Enumerable.Range(0, 0x1000).Select(i => (byte)i)];
        Span<byte> s = image;
        s[0x1F1] = 4;
        s[0x201] = 0x6A;
        "HdrS"u8.CopyTo(s[0x202..]);
        BinaryPrimitives.WriteUInt16LittleEndian(s[0x206..], 0x020F);
        BinaryPrimitives.WriteUInt64LittleEndian(s[0x258..], 0x100_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x260..], 0x200_0000);
        return image;
    }
}
