using System;
using Microkernel.Protos.Memory;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Tells kinds of kernels apart, for the operator's sake: who loads a kernel does not trust this. Nothing else of an image is
/// looked at here.
/// </summary>
internal static class KernelImage
{
    private const int BzImageMagic = 0x202;

    internal static KernelFormat FormatOf(ReadOnlySpan<byte> image)
    {
        if (image.StartsWith("\u007fELF"u8))
            return KernelFormat.Elf;
        if (image.Length > BzImageMagic + 4 && image.Slice(BzImageMagic, 4).SequenceEqual("HdrS"u8))
            return KernelFormat.Bzimage;
        throw Failure.Argument("the kernel is neither a Linux bzImage nor an ELF image: check which file the configuration names");
    }
}
