using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>
/// SHA-256 (FIPS 180-4) of bytes that come in parts. The library's own calls OpenSSL, which a static program cannot load.
/// </summary>
internal sealed class Sha256
{
    /// <summary>The bytes of a hash.</summary>
    internal const int Size = 32;

    private const int BlockSize = 64;

    private readonly uint[] _state =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private readonly byte[] _rest = new byte[BlockSize];
    private ulong _length;

    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Takes the next bytes.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        int filled = (int)(_length % BlockSize);
        _length += (ulong)bytes.Length;
        if (filled > 0)
        {
            int taken = Math.Min(BlockSize - filled, bytes.Length);
            bytes[..taken].CopyTo(_rest.AsSpan(filled));
            if (filled + taken < BlockSize)
                return;
            Compress(_state, _rest);
            bytes = bytes[taken..];
        }

        int whole = bytes.Length / BlockSize * BlockSize;
        Compress(_state, bytes[..whole]);
        bytes[whole..].CopyTo(_rest);
    }

    /// <summary>The hash of everything; nothing can be appended any more.</summary>
    internal byte[] Finish()
    {
        Span<byte> end = stackalloc byte[2 * BlockSize];
        end.Clear();
        int filled = (int)(_length % BlockSize);
        _rest.AsSpan(0, filled).CopyTo(end);
        end[filled] = 0x80;
        end = end[..(filled < BlockSize - sizeof(ulong) ? BlockSize : 2 * BlockSize)];
        BinaryPrimitives.WriteUInt64BigEndian(end[^sizeof(ulong)..], _length * 8);
        Compress(_state, end);
        var hash = new byte[Size];
        for (int i = 0; i < _state.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(4 * i), _state[i]);
        return hash;
    }

    private static void Compress(Span<uint> state, ReadOnlySpan<byte> blocks)
    {
        Span<uint> schedule = stackalloc uint[64];
        for (; !blocks.IsEmpty; blocks = blocks[BlockSize..])
        {
            Expand(schedule, blocks);
            Mix(state, schedule);
        }
    }

    private static void Expand(Span<uint> schedule, ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < 16; i++)
            schedule[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        for (int i = 16; i < schedule.Length; i++)
        {
            uint near = schedule[i - 2], far = schedule[i - 15];
            schedule[i] = schedule[i - 16] + schedule[i - 7]
                + (BitOperations.RotateRight(near, 17) ^ BitOperations.RotateRight(near, 19) ^ (near >> 10))
                + (BitOperations.RotateRight(far, 7) ^ BitOperations.RotateRight(far, 18) ^ (far >> 3));
        }
    }

    private static void Mix(Span<uint> state, ReadOnlySpan<uint> schedule)
    {
        uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        // Eight rounds at a time, so that the words change their roles by name and are not moved.
        for (int i = 0; i < schedule.Length; i += 8)
        {
            ReadOnlySpan<uint> words = schedule.Slice(i, 8), constants = Constants.Slice(i, 8);
            Round(a, b, c, ref d, e, f, g, ref h, words[0] + constants[0]);
            Round(h, a, b, ref c, d, e, f, ref g, words[1] + constants[1]);
            Round(g, h, a, ref b, c, d, e, ref f, words[2] + constants[2]);
            Round(f, g, h, ref a, b, c, d, ref e, words[3] + constants[3]);
            Round(e, f, g, ref h, a, b, c, ref d, words[4] + constants[4]);
            Round(d, e, f, ref g, h, a, b, ref c, words[5] + constants[5]);
            Round(c, d, e, ref f, g, h, a, ref b, words[6] + constants[6]);
            Round(b, c, d, ref e, f, g, h, ref a, words[7] + constants[7]);
        }

        ReadOnlySpan<uint> mixed = [a, b, c, d, e, f, g, h];
        for (int i = 0; i < mixed.Length; i++)
            state[i] += mixed[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        uint first = h + word + (g ^ (e & (f ^ g)))
            + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25));
        d += first;
        h = first + ((a & b) | (c & (a | b)))
            + (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22));
    }
}
