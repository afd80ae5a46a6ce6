using System;

namespace Microkernel.XenStore;

/// <summary>Appends records to the half in use, and writes snapshots into the other one.</summary>
public sealed class JournalWriter
{
    private const int LeastHalf = 1 << 20;

    private readonly JournalDevice _device;
    private ulong _number;
    private int _current;
    private int _tail = int.MaxValue;
    private int _snapshotSize;
    private int _writing;

    /// <summary>A journal on a device; a snapshot must come first.</summary>
    public JournalWriter(JournalDevice device)
    {
        _device = device;
        ulong first = JournalLayout.Number(device.Half(0)), second = JournalLayout.Number(device.Half(1));
        _current = first >= second ? 0 : 1;
        _number = Math.Max(first, second);
    }

    /// <summary>Whether so many changes were written since the last snapshot that it is time for the next one.</summary>
    public bool IsSnapshotDue => _tail - _snapshotSize > Math.Max(LeastHalf, _snapshotSize);

    /// <summary>The bytes in use.</summary>
    public int Size => _tail;

    /// <summary>Appends what happened, which counts when this returns.</summary>
    /// <returns>False if there is no room: a snapshot must be written.</returns>
    public bool TryAppend(ReadOnlySpan<byte> record)
    {
        int end = _tail == int.MaxValue ? int.MaxValue : _tail + JournalLayout.SizeOf(record.Length);
        if (end < 0 || end == int.MaxValue || !HasRoom(_current, end))
            return false;
        Span<byte> half = _device.Half(_current);
        JournalLayout.WriteRecord(half, _tail, _number, record);
        JournalLayout.SetTail(half, end);
        _tail = end;
        return true;
    }

    /// <summary>Begins a snapshot in the other half. What is in use stays in use.</summary>
    public bool TryBeginSnapshot()
    {
        _writing = JournalLayout.HeaderSize;
        if (!HasRoom(1 - _current, _writing))
            return false;
        JournalLayout.Invalidate(_device.Half(1 - _current));
        return true;
    }

    /// <summary>Adds a part to the snapshot.</summary>
    public bool TryAddToSnapshot(ReadOnlySpan<byte> record)
    {
        int end = _writing + JournalLayout.SizeOf(record.Length);
        if (end < 0 || !HasRoom(1 - _current, end))
            return false;
        JournalLayout.WriteRecord(_device.Half(1 - _current), _writing, _number + 1, record);
        _writing = end;
        return true;
    }

    /// <summary>The snapshot is complete: its half is the one in use now.</summary>
    public void EndSnapshot()
    {
        Span<byte> half = _device.Half(1 - _current);
        JournalLayout.SetTail(half, _writing);
        JournalLayout.Validate(half, _number + 1);
        _current = 1 - _current;
        _number++;
        _tail = _snapshotSize = _writing;
    }

    private bool HasRoom(int index, int end) =>
        end <= _device.Half(index).Length || _device.TryGrow(index, Math.Min(Math.Max(end, LeastHalf), _device.LargestHalf)) && end <= _device.Half(index).Length;
}
