using System;
using System.Buffers.Binary;
using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

[TestFixture]
public sealed class AcpiTablesTests
{
    private const ulong Address = 0xFC00_0000;

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(128)]
    public void EveryTableIsFoundAndSumsToZero(int vcpus)
    {
        byte[] page = new byte[4096];
        AcpiTables.Write(page, Address, vcpus);
        Assert.That(Sum(page, 0, 20), Is.Zero);
        Assert.That(Sum(page, 0, 36), Is.Zero);
        int xsdt = At(page, 24);
        int fadt = Check(page, At(page, xsdt + 36), "FACP");
        int madt = Check(page, At(page, xsdt + 44), "APIC");
        int dsdt = Check(page, At(page, fadt + 140), "DSDT");
        Check(page, xsdt, "XSDT");
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(fadt + 40)), Is.EqualTo((uint)Address + (uint)dsdt));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(fadt + 112)) & (1 << 20), Is.Not.Zero, "hardware-reduced");
        int length = BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(madt + 4));
        int[] ids = [.. Enumerable.Range(0, (length - 44) / 8).Select(i => (int)page[madt + 44 + (i * 8) + 3])];
        Assert.That(ids, Is.EqualTo(Enumerable.Range(0, vcpus).Select(i => i * 2)));
    }

    private static int At(byte[] page, int offset) =>
        (int)(BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(offset)) - Address);

    private static int Check(byte[] page, int at, string signature)
    {
        Assert.That(Encoding.ASCII.GetString(page, at, 4), Is.EqualTo(signature));
        Assert.That(Sum(page, at, BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(at + 4))), Is.Zero, signature);
        return at;
    }

    private static int Sum(byte[] page, int at, int length) => page.AsSpan(at, length).ToArray().Sum(b => b) & 0xFF;
}
