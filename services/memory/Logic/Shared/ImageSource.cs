using System;

namespace Microkernel.Core.Boot;

/// <summary>An image, as much of it as can be read.</summary>
public abstract class ImageSource
{
    /// <summary>Bytes of the whole image.</summary>
    public abstract ulong Length { get; }

    /// <summary>Copies bytes from <paramref name="offset"/> on; false if not all of them can be read.</summary>
    public abstract bool TryRead(ulong offset, Span<byte> target);
}
