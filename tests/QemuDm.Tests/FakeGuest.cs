using System;
using System.Buffers.Binary;
using System.Text;

namespace Microkernel.Services.QemuDm.Tests;

/// <summary>A guest's side of a console, honest unless a test writes into its page. The page outlives back ends.</summary>
internal sealed class FakeGuest
{
    internal byte[] Page { get; } = new byte[4096];

    internal Action? Notified { get; set; }

    internal int Notifications { get; set; }

    internal bool IsMapped { get; set; }

    internal bool IsGone { get; set; }

    internal uint OutCons => Word(ConsolePage.OutConsAt);

    internal uint Word(int at) => BinaryPrimitives.ReadUInt32LittleEndian(Page.AsSpan(at));

    internal void SetWord(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Page.AsSpan(at), value);

    /// <summary>Writes what fits, and notifies.</summary>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        uint produced = Word(ConsolePage.OutProdAt);
        int room = ConsolePage.OutputSize - (int)(produced - OutCons);
        int written = Math.Min(room, bytes.Length);
        for (int i = 0; i < written; i++)
            Page[ConsolePage.OutputAt + (int)((produced + (uint)i) % ConsolePage.OutputSize)] = bytes[i];
        SetWord(ConsolePage.OutProdAt, produced + (uint)written);
        Notified?.Invoke();
        return written;
    }

    internal void Write(string text) => Write(Encoding.ASCII.GetBytes(text));

    /// <summary>Takes all keys.</summary>
    internal string Read()
    {
        var text = new StringBuilder();
        uint consumed = Word(ConsolePage.InConsAt);
        for (; consumed != Word(ConsolePage.InProdAt); consumed++)
            text.Append((char)Page[ConsolePage.InputAt + (int)(consumed % ConsolePage.InputSize)]);
        SetWord(ConsolePage.InConsAt, consumed);
        return text.ToString();
    }
}
