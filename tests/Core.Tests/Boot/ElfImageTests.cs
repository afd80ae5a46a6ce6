using System;
using System.Buffers.Binary;
using Microkernel.Core.Boot;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

[TestFixture]
public sealed class ElfImageTests
{
    private const ulong Memory = 64 << 20;

    [TestCase(true)]
    [TestCase(false)]
    public void PlansSegmentsAndEntry(bool is64)
    {
        GuestPlan plan = new();
        Assert.That(Plan(MakeElf(is64), plan), Is.Null);
        Assert.That(plan.Entry, Is.EqualTo(0x10_0000));
        Assert.That(plan.KernelEnd, Is.EqualTo(0x10_3000));
        Assert.That(plan.JobCount, Is.EqualTo(1));
        Assert.That((plan.CurrentJob.Offset, plan.CurrentJob.Length, plan.CurrentJob.Target), Is.EqualTo((0x200UL, 0x100UL, 0x10_0000UL)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void RefusesASegmentBeyondTheMemory(bool is64)
    {
        byte[] elf = MakeElf(is64);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(is64 ? 64 + 24 : 52 + 12), (uint)Memory - 0x1000);
        Assert.That(Plan(elf, new GuestPlan()), Does.Contain("outside of the domain's memory"));
    }

    [Test]
    public void RefusesAFileWithoutNote()
    {
        byte[] elf = MakeElf(true);
        elf[0x188] = 17;
        Assert.That(Plan(elf, new GuestPlan()), Does.Contain("no PVH entry note"));
    }

    /// <summary>Whatever is changed in a good file: it is refused, or all that is planned lies in the file and in the memory.</summary>
    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public void DamagedFilesAreRefusedOrStayInBounds(bool is64, (ushort At, byte Value)[] damage)
    {
        byte[] elf = MakeElf(is64);
        foreach ((ushort at, byte value) in damage)
        {
            elf[at % elf.Length] = value;
        }

        GuestPlan plan = new();
        if (Plan(elf, plan) == null)
        {
            for (; plan.JobCount > 0; plan.FinishJob())
            {
                CopyJob job = plan.CurrentJob;
                Assert.That(job.Offset + job.Length, Is.LessThanOrEqualTo((ulong)elf.Length));
                Assert.That(job.Target + job.Length, Is.LessThanOrEqualTo(Memory));
                Assert.That(job.Target + job.Length, Is.GreaterThanOrEqualTo(job.Target));
            }
        }
    }

    private static string? Plan(byte[] elf, GuestPlan plan)
    {
        ModuleReader reader = TestModule.Of(elf);
        return ElfImage.Plan(in reader, 0, Memory, plan);
    }

    // One segment of 0x100 bytes in the file and 0x3000 in memory, one note.
    private static byte[] MakeElf(bool is64)
    {
        byte[] elf = new byte[0x300];
        Span<byte> s = elf;
        "\x7FELF"u8.CopyTo(s);
        s[4] = (byte)(is64 ? 2 : 1);
        s[5] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(s[18..], (ushort)(is64 ? 62 : 3));
        int table = is64 ? 64 : 52;
        int size = is64 ? 56 : 32;
        BinaryPrimitives.WriteUInt32LittleEndian(s[(is64 ? 32 : 28)..], (uint)table);
        BinaryPrimitives.WriteUInt16LittleEndian(s[(is64 ? 54 : 42)..], (ushort)size);
        BinaryPrimitives.WriteUInt16LittleEndian(s[(is64 ? 56 : 44)..], 2);
        WriteSegment(s[table..], is64, 1, 0x200, 0x10_0000, 0x100, 0x3000);
        WriteSegment(s[(table + size)..], is64, 4, 0x180, 0, 0x20, 0x20);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x180..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x184..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x188..], 18);
        "Xen\0"u8.CopyTo(s[0x18C..]);
        BinaryPrimitives.WriteUInt32LittleEndian(s[0x190..], 0x10_0000);
        return elf;
    }

    private static void WriteSegment(Span<byte> s, bool is64, uint type, uint offset, uint address, uint file, uint memory)
    {
        int[] at = is64 ? [0, 8, 24, 32, 40] : [0, 4, 12, 16, 20];
        uint[] values = [type, offset, address, file, memory];
        for (int i = 0; i < at.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(s[at[i]..], values[i]);
        }
    }
}
