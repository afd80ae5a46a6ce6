using Microkernel.Platform.Traps;

namespace Microkernel.Platform.Apic;

/// <summary>A kick has done its work by arriving.</summary>
internal sealed class KickHandler(LocalApic apic) : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle() => apic.EndOfInterrupt();
}
