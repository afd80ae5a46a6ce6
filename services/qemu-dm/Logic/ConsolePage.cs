using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Microkernel.Services.QemuDm;

/// <summary>
/// The back end's side of Xen's console protocol (xen/io/console.h): two byte queues in a page, with indices that run freely
/// modulo 2^32. The back end keeps its own two indices to itself and reads the guest's once each time; an index that cannot be
/// makes it begin again at that index, so that the guest harms only its own console.
/// </summary>
internal sealed class ConsolePage
{
    /// <summary>What the guest can have written and nobody read.</summary>
    internal const int OutputSize = 2048;

    /// <summary>What can wait for the guest.</summary>
    internal const int InputSize = 1024;

    internal const int InputAt = 0;
    internal const int OutputAt = 1024;
    internal const int InConsAt = 3072;
    internal const int InProdAt = 3076;
    internal const int OutConsAt = 3080;
    internal const int OutProdAt = 3084;

    private uint _outCons;
    private uint _inProd;

    /// <summary>Goes on where the last back end of this page ended: it left its two indices there.</summary>
    internal ConsolePage(Span<byte> page)
    {
        _outCons = Volatile.Read(ref Word(page, OutConsAt));
        _inProd = Volatile.Read(ref Word(page, InProdAt));
    }

    /// <summary>How many bytes of output this end has taken over the page's life, modulo 2^32.</summary>
    internal uint OutputTaken => _outCons;

    /// <summary>How often the guest's indices could not be.</summary>
    internal int Faults { get; private set; }

    /// <summary>Takes output.</summary>
    /// <param name="page">The page.</param>
    /// <param name="destination">Where it goes; what does not fit stays.</param>
    /// <returns>The bytes taken.</returns>
    internal int Take(Span<byte> page, Span<byte> destination)
    {
        uint produced = Volatile.Read(ref Word(page, OutProdAt));
        uint waiting = produced - _outCons;
        if (waiting > OutputSize)
        {
            // Nobody knows what of the queue counts.
            Faults++;
            Volatile.Write(ref Word(page, OutConsAt), _outCons = produced);
            return 0;
        }

        int taken = (int)Math.Min(waiting, (uint)destination.Length);
        Span<byte> queue = page.Slice(OutputAt, OutputSize);
        int at = (int)(_outCons % OutputSize);
        int first = Math.Min(taken, OutputSize - at);
        queue.Slice(at, first).CopyTo(destination);
        queue[..(taken - first)].CopyTo(destination[first..]);
        // After the bytes: the guest overwrites them as soon as it sees this.
        Interlocked.MemoryBarrier();
        Volatile.Write(ref Word(page, OutConsAt), _outCons += (uint)taken);
        return taken;
    }

    /// <summary>Gives the guest input.</summary>
    /// <returns>The bytes for which there was room.</returns>
    internal int Give(Span<byte> page, ReadOnlySpan<byte> input)
    {
        uint consumed = Volatile.Read(ref Word(page, InConsAt));
        uint waiting = _inProd - consumed;
        if (waiting > InputSize)
        {
            Faults++;
            _inProd = consumed;
            waiting = 0;
        }

        int given = Math.Min(input.Length, InputSize - (int)waiting);
        Span<byte> queue = page.Slice(InputAt, InputSize);
        int at = (int)(_inProd % InputSize);
        int first = Math.Min(given, InputSize - at);
        input[..first].CopyTo(queue[at..]);
        input[first..given].CopyTo(queue);
        Volatile.Write(ref Word(page, InProdAt), _inProd += (uint)given);
        return given;
    }

    private static ref uint Word(Span<byte> page, int offset) => ref MemoryMarshal.AsRef<uint>(page.Slice(offset, sizeof(uint)));
}
