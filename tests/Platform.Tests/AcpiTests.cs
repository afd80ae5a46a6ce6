using System;
using System.Buffers.Binary;
using System.Linq;
using Microkernel.Platform.Acpi;
using NUnit.Framework;

namespace Microkernel.Platform.Tests;

public sealed class AcpiTests
{
    private static readonly byte[] HpetBody =
        [1, 0xa2, 0x86, 0x80, 0, 64, 0, 0, .. BitConverter.GetBytes(0xfed00000UL), 0, 0, 0, 0];

    [Test]
    public void RootPointerIsFoundAtSixteenByteBoundaries()
    {
        byte[] area = new byte[4096];
        AcpiImage.Pointer(0x1234, 0).CopyTo(area, 0x330);
        Assert.That(RootPointer.TryFind(area, out RootPointer pointer), Is.True);
        Assert.That(pointer.Rsdt, Is.EqualTo(0x1234));
        Assert.That(pointer.Xsdt, Is.Zero);
        Assert.That(RootPointer.TryFind(area.AsSpan(8), out _), Is.False);
    }

    [Test]
    public void DamagedRootPointerIsPassedOver()
    {
        byte[] area = new byte[256];
        AcpiImage.Pointer(0x1111, 0).CopyTo(area, 0);
        area[17] ^= 1;
        AcpiImage.Pointer(0x2222, 0x3333).CopyTo(area, 64);
        Assert.That(RootPointer.TryFind(area, out RootPointer pointer), Is.True);
        Assert.That((pointer.Rsdt, pointer.Xsdt), Is.EqualTo((0x2222UL, 0x3333UL)));
    }

    [Test]
    public void DamagedExtendedPartLeavesTheFirstPart()
    {
        byte[] area = AcpiImage.Pointer(0x2222, 0x3333);
        area[30] ^= 1;
        Assert.That(RootPointer.TryFind(area, out RootPointer pointer), Is.True);
        Assert.That((pointer.Rsdt, pointer.Xsdt), Is.EqualTo((0x2222UL, 0UL)));
    }

    [Test]
    public void TablesAreReadThroughXsdt()
    {
        var image = new AcpiImage();
        uint madt = image.Add("APIC", AcpiImage.MadtBody(
            AcpiImage.LocalApic(0),
            AcpiImage.LocalApic(3, flags: 0),
            AcpiImage.LocalApic(0xff),
            AcpiImage.LocalX2Apic(0x12345),
            AcpiImage.LocalX2Apic(0),
            AcpiImage.IoApic(0xfec00000, 0),
            AcpiImage.Override(4, 20, 0xf)));
        uint hpet = image.Add("HPET", HpetBody);
        AcpiTables tables = Read(image, xsdt: image.AddXsdt(image.Add("SSDT", new byte[3]), madt, hpet));

        Assert.That(image.Warnings, Is.Empty);
        Assert.That(tables.HpetAddress, Is.EqualTo(0xfed00000));
        Assert.That(tables.Fadt, Is.Null);
        Madt found = tables.Madt!;
        Assert.That(found.ApicIds.ToArray(), Is.EqualTo(new uint[] { 0, 0x12345 }));
        Assert.That(found.IoApics.Length, Is.EqualTo(1));
        Assert.That(found.IoApics[0].Address, Is.EqualTo(0xfec00000));
        Assert.That(found.LocalApicAddress, Is.EqualTo(0xfee00000));
        InterruptOverride moved = found.IsaInterrupt(4);
        Assert.That((moved.GlobalInterrupt, moved.IsActiveLow, moved.IsLevel), Is.EqualTo((20u, true, true)));
        InterruptOverride plain = found.IsaInterrupt(3);
        Assert.That((plain.GlobalInterrupt, plain.IsActiveLow, plain.IsLevel), Is.EqualTo((3u, false, false)));
    }

    [Test]
    public void WrongXsdtFallsBackToRsdt()
    {
        var image = new AcpiImage();
        uint hpet = image.Add("HPET", HpetBody);
        uint xsdt = image.AddXsdt(hpet);
        image.Memory[xsdt + 40] ^= 0x40;
        AcpiTables tables = Read(image, image.AddRsdt(hpet), xsdt);
        Assert.That(image.Warnings, Is.EqualTo(new[] { "XSDT has a wrong checksum" }));
        Assert.That(tables.HpetAddress, Is.EqualTo(0xfed00000));
    }

    [TestCase(0u, "XSDT has an impossible length")]
    [TestCase(35u, "XSDT has an impossible length")]
    [TestCase(0x20000u, "XSDT has an impossible length")]
    [TestCase(0xffffffffu, "XSDT has an impossible length")]
    public void ImpossibleLengthIsRefused(uint length, string warning)
    {
        var image = new AcpiImage();
        uint xsdt = image.AddXsdt(0);
        BinaryPrimitives.WriteUInt32LittleEndian(image.Memory.AsSpan((int)xsdt + 4), length);
        AcpiTables tables = Read(image, xsdt: xsdt);
        Assert.That(image.Warnings, Is.EqualTo(new[] { warning, "XSDT is not there, nor an RSDT" }));
        Assert.That(tables.Madt, Is.Null);
    }

    [Test]
    public void TableOutsideOfMemoryIsPassedOver()
    {
        var image = new AcpiImage();
        uint hpet = image.Add("HPET", HpetBody);
        AcpiTables tables = Read(image, xsdt: image.AddXsdt(ulong.MaxValue - 4, 0, 0xfff0, hpet));
        Assert.That(tables.HpetAddress, Is.EqualTo(0xfed00000));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(200)]
    public void EntryOfWrongLengthEndsTheWalk(byte length)
    {
        var image = new AcpiImage();
        byte[] broken = AcpiImage.LocalApic(1);
        broken[1] = length;
        uint madt = image.Add("APIC", AcpiImage.MadtBody(AcpiImage.LocalApic(0), broken, AcpiImage.LocalApic(2)));
        AcpiTables tables = Read(image, image.AddRsdt(madt));
        Assert.That(image.Warnings, Is.EqualTo(new[] { "MADT is damaged, what follows the damage is not used" }));
        Assert.That(tables.Madt!.ApicIds.ToArray(), Is.EqualTo(new uint[] { 0 }));
    }

    [Test]
    public void EntryTooShortForItsTypeIsIgnored()
    {
        var image = new AcpiImage();
        byte[] shortEntry = [9, 8, 0, 0, 7, 0, 0, 0];
        uint madt = image.Add("APIC", AcpiImage.MadtBody(AcpiImage.LocalApic(0), shortEntry, AcpiImage.LocalApic(2)));
        AcpiTables tables = Read(image, image.AddRsdt(madt));
        Assert.That(tables.Madt!.ApicIds.ToArray(), Is.EqualTo(new uint[] { 0, 2 }));
    }

    [Test]
    public void ManyCpusAreAllFound()
    {
        byte[][] entries = [.. Enumerable.Range(0, 1000).Select(id => AcpiImage.LocalX2Apic((uint)id * 2))];
        var image = new AcpiImage();
        AcpiTables tables = Read(image, image.AddRsdt(image.Add("APIC", AcpiImage.MadtBody(entries))));
        Assert.That(tables.Madt!.ApicIds.Length, Is.EqualTo(1000));
    }

    [Test]
    public void FadtNamesThePmTimer()
    {
        byte[] table = new byte[276];
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(76), 0x608);
        table[91] = 4;
        table[108] = 0x32;
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(112), 1 << 8);
        var fadt = new Fadt(table);
        Assert.That((fadt.PmTimerPort, fadt.PmTimerIsWide), Is.EqualTo(((ushort)0x608, true)));
        Assert.That(fadt.CenturyRegister, Is.EqualTo(0x32));

        table[208] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(212), 0xb008);
        Assert.That(new Fadt(table).PmTimerPort, Is.EqualTo(0xb008));
        Assert.That(new Fadt(table.AsSpan(0, 90)).PmTimerPort, Is.Zero);
        table[91] = 0;
        Assert.That(new Fadt(table).PmTimerPort, Is.Zero);
    }

    /// <summary>Changed bytes behind a right checksum: the reader neither throws nor finds more than there is room for.</summary>
    [Test]
    public void MutatedTablesAreSurvived([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            var image = new AcpiImage();
            uint madt = image.Add("APIC", AcpiImage.MadtBody(
                AcpiImage.LocalApic(0), AcpiImage.LocalX2Apic(9), AcpiImage.IoApic(1, 2), AcpiImage.Override(1, 2, 3)));
            uint hpet = image.Add("HPET", HpetBody);
            uint fadt = image.Add("FACP", new byte[240]);
            uint root = image.AddXsdt(madt, hpet, fadt);
            uint[] all = [madt, hpet, fadt, root];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                uint table = all[random.Next(all.Length)];
                image.Memory[table + random.Next(8, 120)] = (byte)random.Next(256);
                image.Seal(table);
            }

            AcpiTables tables = Read(image, image.AddRsdt(madt), root);
            Assert.That(tables.Madt?.ApicIds.Length ?? 0, Is.LessThan(100));
        }
    }

    private static AcpiTables Read(AcpiImage image, uint rsdt = 0, uint xsdt = 0)
    {
        Assert.That(RootPointer.TryFind(AcpiImage.Pointer(rsdt, xsdt), out RootPointer pointer), Is.True);
        return AcpiTables.Read(image, pointer);
    }
}
