using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Uart;

/// <summary>Bytes have arrived on the guests' serial port.</summary>
internal sealed class InputHandler(X64Machine machine, SerialPorts ports) : InterruptHandler
{
    /// <inheritdoc/>
    public override void Handle()
    {
        ports.Receive();
        machine.Apic.EndOfInterrupt();
        machine.Kernel?.OnConsoleInput();
    }
}
