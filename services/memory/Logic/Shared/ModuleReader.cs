using System;

namespace Microkernel.Core.Boot;

/// <summary>What the shared image code reads from: in the core a boot module, here an <see cref="ImageSource"/>.</summary>
public readonly struct ModuleReader(ImageSource source)
{
    /// <summary>Bytes of the whole image.</summary>
    public ulong Length => source.Length;

    /// <summary>Copies bytes from <paramref name="offset"/> on; false if they are not there.</summary>
    public bool TryRead(ulong offset, Span<byte> target) => source.TryRead(offset, target);
}
