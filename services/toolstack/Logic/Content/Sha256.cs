using System;
using System.Buffers.Binary;
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
        for (; blocks.Length >= BlockSize; blocks = blocks[BlockSize..])
            CompressBlock(state, blocks[..BlockSize]);
    }

    // Everything in variables, without an index that would have to be checked: a restarted toolstack hashes whole kernels.
    private static void CompressBlock(Span<uint> state, ReadOnlySpan<byte> block)
    {
        uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        uint w0 = Word(block, 0), w1 = Word(block, 1), w2 = Word(block, 2), w3 = Word(block, 3), w4 = Word(block, 4), w5 = Word(block, 5), w6 = Word(block, 6), w7 = Word(block, 7);
        uint w8 = Word(block, 8), w9 = Word(block, 9), w10 = Word(block, 10), w11 = Word(block, 11), w12 = Word(block, 12), w13 = Word(block, 13), w14 = Word(block, 14), w15 = Word(block, 15);
        for (int i = 0; ; i += 16)
        {
            ReadOnlySpan<uint> constants = Constants.Slice(i, 16);
            // The words change their roles by name and are not moved.
            Round(a, b, c, ref d, e, f, g, ref h, w0 + constants[0]);
            Round(h, a, b, ref c, d, e, f, ref g, w1 + constants[1]);
            Round(g, h, a, ref b, c, d, e, ref f, w2 + constants[2]);
            Round(f, g, h, ref a, b, c, d, ref e, w3 + constants[3]);
            Round(e, f, g, ref h, a, b, c, ref d, w4 + constants[4]);
            Round(d, e, f, ref g, h, a, b, ref c, w5 + constants[5]);
            Round(c, d, e, ref f, g, h, a, ref b, w6 + constants[6]);
            Round(b, c, d, ref e, f, g, h, ref a, w7 + constants[7]);
            Round(a, b, c, ref d, e, f, g, ref h, w8 + constants[8]);
            Round(h, a, b, ref c, d, e, f, ref g, w9 + constants[9]);
            Round(g, h, a, ref b, c, d, e, ref f, w10 + constants[10]);
            Round(f, g, h, ref a, b, c, d, ref e, w11 + constants[11]);
            Round(e, f, g, ref h, a, b, c, ref d, w12 + constants[12]);
            Round(d, e, f, ref g, h, a, b, ref c, w13 + constants[13]);
            Round(c, d, e, ref f, g, h, a, ref b, w14 + constants[14]);
            Round(b, c, d, ref e, f, g, h, ref a, w15 + constants[15]);
            if (i == 48)
                break;
            w0 += Mixed(w1, w9, w14);
            w1 += Mixed(w2, w10, w15);
            w2 += Mixed(w3, w11, w0);
            w3 += Mixed(w4, w12, w1);
            w4 += Mixed(w5, w13, w2);
            w5 += Mixed(w6, w14, w3);
            w6 += Mixed(w7, w15, w4);
            w7 += Mixed(w8, w0, w5);
            w8 += Mixed(w9, w1, w6);
            w9 += Mixed(w10, w2, w7);
            w10 += Mixed(w11, w3, w8);
            w11 += Mixed(w12, w4, w9);
            w12 += Mixed(w13, w5, w10);
            w13 += Mixed(w14, w6, w11);
            w14 += Mixed(w15, w7, w12);
            w15 += Mixed(w0, w8, w13);
        }

        ReadOnlySpan<uint> mixed = [a, b, c, d, e, f, g, h];
        for (int i = 0; i < mixed.Length; i++)
            state[i] += mixed[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(ReadOnlySpan<byte> block, int number) => BinaryPrimitives.ReadUInt32BigEndian(block.Slice(4 * number, 4));

    /// <summary>What is added to a word of the schedule for its place 16 later.</summary>
    /// <param name="far">The word 15 before that place.</param>
    /// <param name="middle">The word 7 before it.</param>
    /// <param name="near">The word 2 before it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Mixed(uint far, uint middle, uint near) => middle
        + ((uint)((Twice(near) >> 17) ^ (Twice(near) >> 19)) ^ (near >> 10))
        + ((uint)((Twice(far) >> 7) ^ (Twice(far) >> 18)) ^ (far >> 3));

    // Shifted to the right, its lower half is the word rotated. Rotating itself is slow on an emulated CPU, which has to find out all flags for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Twice(uint word) => ((ulong)word << 32) | word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        uint first = h + word + (g ^ (e & (f ^ g)))
            + (uint)((Twice(e) >> 6) ^ (Twice(e) >> 11) ^ (Twice(e) >> 25));
        d += first;
        h = first + ((a & b) | (c & (a | b)))
            + (uint)((Twice(a) >> 2) ^ (Twice(a) >> 13) ^ (Twice(a) >> 22));
    }
}
