using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;
using Google.Protobuf;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Keeps a message in kept memory, in two halves that take turns: a header with a number that rises, a length and a checksum, then the
/// message. The number is written last, so that a write that was cut off leaves what was before.
/// </summary>
public sealed class KeptStore
{
    private const int HeaderSize = 32;
    private const int MagicAt = 0, NumberAt = 8, LengthAt = 16, CheckAt = 20;
    private const ulong Magic = 0x3130_4445_4843_534D; // "MSCHED01"

    private readonly KeptMemory _memory;
    private ulong _number;

    /// <summary>Uses some memory.</summary>
    public KeptStore(KeptMemory memory) => _memory = memory;

    private int HalfSize => _memory.Bytes.Length / 2;

    /// <summary>What was saved last; null if there is nothing.</summary>
    /// <param name="isDamaged">There was something, and it cannot be used.</param>
    public KeptState? Load(out bool isDamaged)
    {
        KeptState? found = null;
        isDamaged = _memory.Bytes.IndexOfAnyExcept((byte)0) >= 0;
        for (int half = 0; half < 2; half++)
        {
            if (Read(half, out ulong number) is not { } state || number <= _number)
                continue;
            (found, _number, isDamaged) = (state, number, false);
        }

        return found;
    }

    /// <summary>Saves a state.</summary>
    /// <returns>False if it is too large: what was saved before stays.</returns>
    public bool Save(KeptState state)
    {
        byte[] bytes = state.ToByteArray();
        if (bytes.Length > HalfSize - HeaderSize)
            return false;
        ulong number = _number + 1;
        Span<byte> half = Half((int)(number & 1));
        Volatile.Write(ref Word(half, NumberAt), 0);
        bytes.CopyTo(half[HeaderSize..]);
        MemoryMarshal.Write(half[LengthAt..], bytes.Length);
        MemoryMarshal.Write(half[CheckAt..], Check(number, bytes));
        Word(half, MagicAt) = Magic;
        Volatile.Write(ref Word(half, NumberAt), number);
        _number = number;
        return true;
    }

    private KeptState? Read(int index, out ulong number)
    {
        Span<byte> half = Half(index);
        number = 0;
        if (half.Length < HeaderSize || Word(half, MagicAt) != Magic)
            return null;
        number = Word(half, NumberAt);
        int length = MemoryMarshal.Read<int>(half[LengthAt..]);
        if (number == 0 || length < 0 || length > half.Length - HeaderSize)
            return null;
        byte[] bytes = half.Slice(HeaderSize, length).ToArray();
        if (MemoryMarshal.Read<uint>(half[CheckAt..]) != Check(number, bytes))
            return null;
        try
        {
            return KeptState.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static uint Check(ulong number, ReadOnlySpan<byte> bytes)
    {
        uint check = BitOperations.Crc32C(BitOperations.Crc32C(~0u, number), (ulong)bytes.Length);
        foreach (byte b in bytes)
            check = BitOperations.Crc32C(check, b);
        return ~check;
    }

    private static ref ulong Word(Span<byte> half, int at) => ref MemoryMarshal.AsRef<ulong>(half.Slice(at, sizeof(ulong)));

    private Span<byte> Half(int index) => _memory.Bytes.Slice(index * (HalfSize & ~7), HalfSize & ~7);
}
