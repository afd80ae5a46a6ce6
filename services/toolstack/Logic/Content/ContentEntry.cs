using System.Collections.Generic;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>A file in the content store, or a part of it.</summary>
/// <param name="Number">Its place in the index.</param>
/// <param name="Hash">Its SHA-256.</param>
/// <param name="Offset">Where it is in the store's memory.</param>
/// <param name="Length">Its bytes.</param>
internal sealed record ContentEntry(int Number, byte[] Hash, long Offset, long Length)
{
    /// <summary>The bytes that are there, from the start.</summary>
    internal long Have { get; set; }

    /// <summary>Parts that came before those in front of them: where each begins, and where it ends.</summary>
    internal SortedList<long, long> Ahead { get; } = [];

    /// <summary>Whether all are there.</summary>
    internal bool IsComplete => Have == Length;

    /// <summary>Whether all that is there came to this incarnation, or was found by it to have the hash.</summary>
    internal bool IsTrusted { get; set; }

    /// <summary>What uploads of this incarnation call it; 0 for none yet.</summary>
    internal ulong Upload { get; set; }

    /// <summary>How many need it.</summary>
    internal int Pins { get; set; }

    /// <summary>When somebody last had to do with it.</summary>
    internal long LastUse { get; set; }

    /// <summary>Where the next file can begin.</summary>
    internal long End => Offset + Length;
}
