using System;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>The memory that uploaded files live in. It may outlive the program; who else can write to it is its owner's affair.</summary>
public abstract class ContentMemory
{
    /// <summary>The bytes, always the same ones.</summary>
    public abstract Span<byte> Bytes { get; }
}
