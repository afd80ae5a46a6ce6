using System;

namespace Microkernel.Platform.Diagnostics;

/// <summary>A place in the code by name.</summary>
internal readonly ref struct Symbol
{
    /// <summary>The type that the method belongs to; empty for assembly.</summary>
    public ReadOnlySpan<byte> Type { get; init; }

    /// <summary>The method.</summary>
    public ReadOnlySpan<byte> Name { get; init; }

    /// <summary>Bytes from its start.</summary>
    public ulong Offset { get; init; }
}
