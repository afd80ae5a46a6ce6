using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using Microkernel.Platform.Acpi;

namespace Microkernel.Platform.Tests;

/// <summary>A small physical memory into which tests put tables; also records the reader's warnings.</summary>
internal sealed class AcpiImage : AcpiHost
{
    private int _next = 0x1000;

    public byte[] Memory { get; } = new byte[0x10000];

    public List<string> Warnings { get; } = [];

    public override bool TryMap(ulong address, int length, out ReadOnlySpan<byte> bytes)
    {
        bool inside = address <= (ulong)Memory.Length && (ulong)length <= (ulong)Memory.Length - address;
        bytes = inside ? Memory.AsSpan((int)address, length) : default;
        return inside;
    }

    public override void Warn(string table, string problem) => Warnings.Add($"{table} {problem}");

    /// <summary>Puts a table with this body into memory; returns its address.</summary>
    public uint Add(string signature, byte[] body)
    {
        int address = _next;
        byte[] table = new byte[AcpiTable.HeaderSize + body.Length];
        Encoding.ASCII.GetBytes(signature).CopyTo(table, 0);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(4), table.Length);
        body.CopyTo(table, AcpiTable.HeaderSize);
        table[9] = Complement(table);
        table.CopyTo(Memory, address);
        _next = (address + table.Length + 63) & ~63;
        return (uint)address;
    }

    /// <summary>Makes a table's checksum right again after a change, if its length still makes sense.</summary>
    public void Seal(uint address)
    {
        Span<byte> table = Memory.AsSpan((int)address);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(table[4..]);
        if (length < AcpiTable.HeaderSize || length > table.Length)
        {
            return;
        }

        table = table[..(int)length];
        table[9] = 0;
        table[9] = Complement(table);
    }

    public uint AddRsdt(params uint[] tables)
    {
        byte[] body = new byte[tables.Length * 4];
        Buffer.BlockCopy(tables, 0, body, 0, body.Length);
        return Add("RSDT", body);
    }

    public uint AddXsdt(params ulong[] tables)
    {
        byte[] body = new byte[tables.Length * 8];
        Buffer.BlockCopy(tables, 0, body, 0, body.Length);
        return Add("XSDT", body);
    }

    /// <summary>A root pointer's 36 bytes; revision 2 when there is an XSDT.</summary>
    public static byte[] Pointer(uint rsdt, ulong xsdt)
    {
        byte[] bytes = new byte[36];
        Encoding.ASCII.GetBytes("RSD PTR ").CopyTo(bytes, 0);
        bytes[15] = xsdt != 0 ? (byte)2 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), rsdt);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), bytes.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), xsdt);
        bytes[8] = Complement(bytes.AsSpan(0, 20));
        bytes[32] = Complement(bytes);
        return bytes;
    }

    public static byte[] MadtBody(params byte[][] entries)
    {
        var body = new List<byte>();
        body.AddRange(BitConverter.GetBytes(0xfee00000u));
        body.AddRange(BitConverter.GetBytes(1u));
        foreach (byte[] entry in entries)
        {
            body.AddRange(entry);
        }

        return [.. body];
    }

    public static byte[] LocalApic(byte id, uint flags = 1) => [0, 8, id, id, .. BitConverter.GetBytes(flags)];

    public static byte[] LocalX2Apic(uint id, uint flags = 1) =>
        [9, 16, 0, 0, .. BitConverter.GetBytes(id), .. BitConverter.GetBytes(flags), .. BitConverter.GetBytes(id)];

    public static byte[] IoApic(uint address, uint first) =>
        [1, 12, 0, 0, .. BitConverter.GetBytes(address), .. BitConverter.GetBytes(first)];

    public static byte[] Override(byte source, uint target, ushort flags) =>
        [2, 10, 0, source, .. BitConverter.GetBytes(target), .. BitConverter.GetBytes(flags)];

    private static byte Complement(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
        {
            sum += value;
        }

        return (byte)-sum;
    }
}
