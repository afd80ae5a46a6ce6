using System.Numerics;

namespace Microkernel.Core.Memory;

/// <summary>A set of block numbers that finds its lowest member quickly. The caller locks.</summary>
internal sealed class FrameBitmap
{
    private const int BitsPerWord = 64;

    private readonly ulong[] _words;
    private int _lowest;

    public FrameBitmap(int size)
    {
        _words = new ulong[(size + BitsPerWord - 1) / BitsPerWord];
        _lowest = _words.Length;
    }

    /// <summary>Number of members.</summary>
    public int Count { get; private set; }

    public bool Contains(int index) => (_words[index / BitsPerWord] >> (index % BitsPerWord) & 1) != 0;

    public void Add(int index)
    {
        int word = index / BitsPerWord;
        _words[word] |= 1UL << (index % BitsPerWord);
        _lowest = word < _lowest ? word : _lowest;
        Count++;
    }

    public void Remove(int index)
    {
        _words[index / BitsPerWord] &= ~(1UL << (index % BitsPerWord));
        Count--;
    }

    /// <summary>The lowest member, or -1. No word below <c>_lowest</c> has a member.</summary>
    public int FindFirst()
    {
        while (_lowest < _words.Length)
        {
            ulong word = _words[_lowest];
            if (word != 0)
                return _lowest * BitsPerWord + BitOperations.TrailingZeroCount(word);

            _lowest++;
        }

        return -1;
    }

    /// <summary>The lowest member of an aligned group of 512, or -1.</summary>
    public int FindInGroup(int group)
    {
        int first = group * (512 / BitsPerWord);
        for (int word = first; word < first + 512 / BitsPerWord; word++)
        {
            if (_words[word] != 0)
                return word * BitsPerWord + BitOperations.TrailingZeroCount(_words[word]);
        }

        return -1;
    }

    /// <summary>All 512 numbers of an aligned group are members.</summary>
    public bool IsGroupFull(int group)
    {
        int first = group * (512 / BitsPerWord);
        int word = first;
        while (word < first + 512 / BitsPerWord && _words[word] == ulong.MaxValue)
            word++;

        return word == first + 512 / BitsPerWord;
    }

    public bool IsGroupEmpty(int group) => FindInGroup(group) < 0;

    public void AddGroup(int group)
    {
        Group(group).Fill(ulong.MaxValue);
        int first = group * (512 / BitsPerWord);
        _lowest = first < _lowest ? first : _lowest;
        Count += 512;
    }

    public void RemoveGroup(int group)
    {
        Group(group).Clear();
        Count -= 512;
    }

    private System.Span<ulong> Group(int group) =>
        new System.Span<ulong>(_words).Slice(group * (512 / BitsPerWord), 512 / BitsPerWord);
}
