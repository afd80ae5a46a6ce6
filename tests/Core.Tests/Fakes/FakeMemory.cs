using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Hardware;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Fakes;

/// <summary>Frames 0 to count - 1 in one array. Checks that windows nest and that nobody opens too many.</summary>
public class FakeMemory(int frameCount) : PhysicalMemory
{
    private readonly byte[] _bytes = new byte[frameCount * FrameSize];
    private readonly ThreadLocal<int> _open = new();

    public int FrameCount => frameCount;

    /// <summary>Called before frames are scrubbed, which is when they change hands: first frame and count.</summary>
    public Action<ulong, int>? OnZero { get; set; }

    /// <summary>Windows open on the calling thread; 0 between operations.</summary>
    public int OpenWindows => _open.Value;

    /// <summary>The frame's bytes without a window: for the test itself.</summary>
    public Span<byte> this[ulong mfn] => _bytes.AsSpan((int)mfn * FrameSize, FrameSize);

    public override Span<byte> Map(ulong mfn)
    {
        Assert.That(++_open.Value, Is.LessThanOrEqualTo(16), "too many windows");
        return this[mfn];
    }

    public override Span<byte> Map(ulong address, int length) =>
        Map(address / FrameSize).Slice((int)(address % FrameSize), length);

    public override void Unmap() => Assert.That(--_open.Value, Is.GreaterThanOrEqualTo(0), "a window closed twice");

    public override void Copy(ulong address, Span<byte> bytes, bool write)
    {
        Span<byte> place = this[address / FrameSize].Slice((int)(address % FrameSize), bytes.Length);
        if (write)
        {
            bytes.CopyTo(place);
        }
        else
        {
            place.CopyTo(bytes);
        }
    }

    public override ulong CompareExchange(ulong address, ulong value, ulong expected) =>
        Interlocked.CompareExchange(ref MemoryMarshal.AsRef<ulong>(_bytes.AsSpan((int)address)), value, expected);

    public override bool AreUnchanged(ReadOnlySpan<EntryObservation> places)
    {
        foreach (EntryObservation place in places)
        {
            int offset = (int)(place.Address % FrameSize);
            if (BitConverter.ToUInt64(this[place.Address / FrameSize].Slice(offset, sizeof(ulong))) != place.Value)
            {
                return false;
            }
        }

        return true;
    }

    public override void Zero(ulong mfn, int count)
    {
        OnZero?.Invoke(mfn, count);
        _bytes.AsSpan((int)mfn * FrameSize, count * FrameSize).Clear();
    }
}
