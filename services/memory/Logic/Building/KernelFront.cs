using System;
using Microkernel.Core.Boot;

namespace Microkernel.Services.Memory.Building;

/// <summary>The first bytes of a kernel that comes in parts: all that is needed to know where the rest goes.</summary>
internal sealed class KernelFront(ulong length) : ImageSource
{
    /// <summary>How much of a kernel must come with its first part: headers and tables are in it.</summary>
    internal const int LeastFirstPart = 4096;

    private byte[] _bytes = [];

    /// <inheritdoc/>
    public override ulong Length => length;

    /// <summary>Keeps the front of the first part.</summary>
    internal void Set(ReadOnlySpan<byte> firstPart) => _bytes = firstPart[..Math.Min(firstPart.Length, LeastFirstPart)].ToArray();

    /// <inheritdoc/>
    public override bool TryRead(ulong offset, Span<byte> target)
    {
        if (offset > (ulong)_bytes.Length || (ulong)target.Length > (ulong)_bytes.Length - offset)
            return false;
        _bytes.AsSpan((int)offset, target.Length).CopyTo(target);
        return true;
    }
}
