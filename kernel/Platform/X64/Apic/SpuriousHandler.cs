using Microkernel.Platform.Traps;

namespace Microkernel.Platform.Apic;

/// <summary>An interrupt that went away before it was taken: there is nothing to serve or to acknowledge.</summary>
internal sealed class SpuriousHandler : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle()
    {
    }
}
