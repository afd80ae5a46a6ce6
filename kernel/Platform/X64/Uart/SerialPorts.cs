using System;
using System.Threading;
using Microkernel.Core.Boot;
using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Uart;

/// <summary>The two serial ports and what each is for: the core's log, of which the last 16 KiB are kept, and the guests' consoles.</summary>
internal sealed class SerialPorts
{
    private const ushort Com1Base = 0x3f8;
    private const ushort Com2Base = 0x2f8;
    private const int LogCapacity = 16 * 1024;
    private const int InputCapacity = 1024;

    private readonly SerialPort _com1 = new(Com1Base);
    private readonly SerialPort _com2 = new(Com2Base);
    private readonly TicketLock _logLock = new();
    private readonly TicketLock _guestsLock = new();
    private readonly LogRing _ring = new(LogCapacity);
    private readonly InputRing _input = new(InputCapacity);
    private SerialPort? _log;
    private SerialPort? _guests;
    private bool _inputIsHeld;

    /// <summary>Finds the ports. The log goes to the first one until <see cref="Assign"/> says otherwise.</summary>
    public SerialPorts() => _log = _com1;

    /// <summary>The port that carries the guests' consoles.</summary>
    public SerialPortChoice GuestsPort { get; private set; }

    /// <summary>TSC ticks spent waiting for who reads the ports.</summary>
    public ulong Waited => _com1.Waited + _com2.Waited;

    /// <summary>Gives the ports their roles; guests' consoles on a port without a UART share the other one.</summary>
    public void Assign(SerialPortChoice log, SerialPortChoice guests)
    {
        bool exists = guests == SerialPortChoice.None || Port(guests)!.IsPresent;
        GuestsPort = exists ? guests
            : guests == SerialPortChoice.Com1 ? SerialPortChoice.Com2
            : SerialPortChoice.Com1;
        _log = Port(log);
        _guests = Port(GuestsPort);
    }

    /// <summary>Writes whole lines to the log.</summary>
    public void WriteLog(ReadOnlySpan<byte> lines)
    {
        using (_logLock.Hold())
        {
            _ring.Append(lines);
            _log?.Send(lines);
        }
    }

    /// <summary>Where the kept log begins.</summary>
    public uint LogStart
    {
        get
        {
            using (_logLock.Hold())
            {
                return _ring.Start;
            }
        }
    }

    /// <summary>Copies the kept log from <paramref name="index"/> on and moves the index on.</summary>
    public int ReadLog(ref uint index, Span<byte> bytes)
    {
        using (_logLock.Hold())
        {
            return _ring.CopyFrom(ref index, bytes);
        }
    }

    /// <summary>Forgets the kept log up to <paramref name="index"/>.</summary>
    public void ForgetLog(uint index)
    {
        using (_logLock.Hold())
        {
            _ring.Forget(index);
        }
    }

    /// <summary>Writes to the guests' port.</summary>
    public void WriteGuests(ReadOnlySpan<byte> bytes)
    {
        using (_guestsLock.Hold())
        {
            _guests?.Send(bytes);
        }
    }

    /// <summary>The guests' port may interrupt from now on.</summary>
    public void EnableInput() => _guests?.EnableReceiveInterrupt();

    /// <summary>
    /// Takes what the guests' port has received. When there is no more room the rest stays in the UART, whose sender waits.
    /// </summary>
    public void Receive()
    {
        while (_guests!.TryReceive(out byte value))
        {
            _input.TryAdd(value);
            if (_input.IsFull)
            {
                _guests.DisableReceiveInterrupt();
                Volatile.Write(ref _inputIsHeld, true);
                return;
            }
        }
    }

    /// <summary>Takes one byte of input, if there is any.</summary>
    public bool TryReadGuests(out byte value)
    {
        bool any = _input.TryTake(out value);
        if (!any && Volatile.Read(ref _inputIsHeld))
        {
            Volatile.Write(ref _inputIsHeld, false);
            _guests!.EnableReceiveInterrupt();
        }

        return any;
    }

    private SerialPort? Port(SerialPortChoice choice) => choice switch
    {
        SerialPortChoice.Com1 => _com1,
        SerialPortChoice.Com2 => _com2,
        _ => null,
    };
}
