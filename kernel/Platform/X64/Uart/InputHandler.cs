using Microkernel.Platform.Apic;
using Microkernel.Platform.Traps;

namespace Microkernel.Platform.Uart;

/// <summary>Bytes have arrived on the guests' serial port.</summary>
internal sealed class InputHandler(LocalApic apic, SerialPorts ports) : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle()
    {
        ports.Receive();
        apic.EndOfInterrupt();
    }
}
