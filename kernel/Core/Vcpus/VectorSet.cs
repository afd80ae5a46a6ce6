using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Vcpus;

/// <summary>A set of the 256 interrupt vectors, changed bit by bit from any CPU.</summary>
public sealed class VectorSet
{
    private const int WordCount = 8;

    private readonly uint[] _words = new uint[WordCount];

    /// <summary>Vectors 32 * <paramref name="index"/> to 32 * <paramref name="index"/> + 31.</summary>
    public uint this[int index] => Volatile.Read(ref _words[index]);

    /// <summary>The highest vector in it; -1 if it is empty.</summary>
    public int Highest
    {
        get
        {
            for (int i = WordCount - 1; i >= 0; i--)
            {
                uint word = Volatile.Read(ref _words[i]);
                if (word != 0)
                    return (i * 32) + BitOperations.Log2(word);
            }

            return -1;
        }
    }

    /// <summary>Puts a vector in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(byte vector) => Interlocked.Or(ref _words[vector >> 5], 1u << (vector & 31));

    /// <summary>Takes a vector out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(byte vector) => Interlocked.And(ref _words[vector >> 5], ~(1u << (vector & 31)));

    /// <summary>Takes all out.</summary>
    public void Clear() => _words.AsSpan().Clear();
}
