using System;
using System.IO;
using Google.Protobuf;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>
/// Reads what a journal's memory has: the newest half whose snapshot is whole, and its changes up to the last one that is whole. Damage is
/// said aloud; an unfinished last record is none, for nothing that it tells of was acknowledged.
/// </summary>
internal static class JournalReader
{
    /// <summary>Reads the state.</summary>
    /// <param name="device">The journal's memory.</param>
    /// <param name="complain">Hears of damage.</param>
    /// <returns>The state; null if there is none.</returns>
    internal static RecoveredState? Read(JournalDevice device, Action<string> complain)
    {
        ulong first = JournalLayout.Number(device.Half(0)), second = JournalLayout.Number(device.Half(1));
        int newer = first >= second ? 0 : 1;
        foreach (int index in (ReadOnlySpan<int>)[newer, 1 - newer])
        {
            if (JournalLayout.Number(device.Half(index)) == 0)
                continue;
            if (ReadHalf(device.Half(index), complain) is { IsComplete: true } state)
                return state;
            complain($"the journal's {(index == newer ? "newer" : "older")} half is damaged before its snapshot's end; it cannot be used");
        }
        if (first != 0 || second != 0)
            complain("THE JOURNAL CANNOT BE USED: the store begins empty");
        else if (!JournalLayout.IsBlank(device.Half(0)) || !JournalLayout.IsBlank(device.Half(1)))
            complain("the journal's memory holds no complete journal: the store begins empty");
        return null;
    }

    private static RecoveredState ReadHalf(Span<byte> half, Action<string> complain)
    {
        var state = new RecoveredState();
        ulong number = JournalLayout.Number(half), tail = JournalLayout.Tail(half);
        if (tail > (ulong)half.Length)
        {
            complain($"the journal's end is damaged ({tail} of {half.Length} bytes): it is read up to the last whole record");
            tail = (ulong)half.Length;
        }
        int at = JournalLayout.HeaderSize;
        while ((ulong)at < tail)
        {
            if (!JournalLayout.TryReadRecord(half, at, number, out ReadOnlySpan<byte> payload) || !TryApply(state, payload, complain))
            {
                complain($"THE JOURNAL IS DAMAGED at {at} of {tail} bytes: the state is that of the last whole record before");
                break;
            }
            at += JournalLayout.SizeOf(payload.Length);
        }
        return state;
    }

    private static bool TryApply(RecoveredState state, ReadOnlySpan<byte> payload, Action<string> complain)
    {
        try
        {
            foreach (JournalEntry entry in JournalRecord.Parser.ParseFrom(payload).Entries)
                state.Apply(entry);
            return true;
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidDataException)
        {
            complain($"a record of the journal makes no sense: {fault.Message}");
            return false;
        }
    }
}
