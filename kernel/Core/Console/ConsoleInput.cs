using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Console;

/// <summary>
/// Gives input bytes to the console they are for: the only guest's, or, framed and with several guests, that of the slot named last by
/// DLE and 0x40 + slot. DLE and '?' ask the core for an audit of its memory records; DLE and '!' are the operator's doorbell.
/// </summary>
public sealed class ConsoleInput(Kernel kernel, bool isFramed)
{
    private const byte AuditRequest = (byte)'?';
    private const byte Doorbell = (byte)'!';

    private int _target;
    private bool _isEscaped;

    /// <summary>Takes a byte from the UART.</summary>
    public void Add(byte value)
    {
        bool hasFrames = isFramed || kernel.Domains.Slots.Length > 1;
        if (hasFrames && !_isEscaped && value == ConsoleWriter.Escape)
        {
            _isEscaped = true;
            return;
        }

        if (_isEscaped && value == AuditRequest)
            kernel.LifeCycle.RequestAudit();
        else if (_isEscaped && value == Doorbell)
            kernel.Domains.Raise(EventChannelAbi.VirqConsole, Privilege.Doorbell);
        else if (_isEscaped && value != ConsoleWriter.Escape)
            _target = value - ConsoleWriter.SlotBase;
        else if ((uint)_target < (uint)kernel.Domains.Slots.Length)
            kernel.Domains.Slots[_target].Console.AddInput(value);

        _isEscaped = false;
    }
}
