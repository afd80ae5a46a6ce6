using Microkernel.Core.Logging;
using Microkernel.Platform.Traps;

namespace Microkernel.Platform.Apic;

/// <summary>A local APIC sent or received something wrong: the core goes on, and says so.</summary>
internal sealed class ErrorHandler(LocalApic apic, Log log) : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle()
    {
        uint errors = apic.TakeErrors();
        apic.EndOfInterrupt();
        log.Write($"APIC {apic.Id}: errors 0x{errors:x}");
    }
}
