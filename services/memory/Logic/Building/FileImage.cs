using System;
using Microkernel.Core.Boot;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Building;

/// <summary>An image that is a file of the boot loader.</summary>
internal sealed class FileImage(IHypervisor hypervisor, BootFile file) : ImageSource
{
    /// <inheritdoc/>
    public override ulong Length => file.Size;

    /// <inheritdoc/>
    public override bool TryRead(ulong offset, Span<byte> target) =>
        offset <= file.Size && (ulong)target.Length <= file.Size - offset && hypervisor.ReadFile(file.Index, offset, target) == target.Length;
}
