using System;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Uart;

/// <summary>A 16550 UART: 115200 baud, 8 data bits, no parity. A port without a UART swallows output.</summary>
internal sealed class SerialPort
{
    private const int InterruptEnable = 1;
    private const int FifoControl = 2;
    private const int InterruptIdentification = 2;
    private const int LineControl = 3;
    private const int ModemControl = 4;
    private const int LineStatus = 5;
    private const int Scratch = 7;

    private const byte ReceiveInterrupt = 0x01;
    private const byte EnableAndClearFifos = 0x07;
    private const byte FifosWork = 0xc0;
    private const byte DivisorLatch = 0x80;
    private const byte EightBits = 0x03;
    private const byte ReadyWithInterrupt = 0x0b;
    private const byte DataReady = 0x01;
    private const byte HoldingRegisterEmpty = 0x20;
    private const int FifoSize = 16;

    // A byte takes 87 us at this speed. A port that stays busy for so many reads (about a second) loses output until
    // it moves again: the core never waits for ever for whoever listens.
    private const int Patience = 1_000_000;

    private readonly ushort _base;
    private readonly int _burst;
    private int _room;
    private bool _isStuck;

    /// <summary>Looks for a UART at an I/O port and sets it up.</summary>
    public SerialPort(ushort port)
    {
        _base = port;
        IsPresent = Answers(Scratch, 0x5a) && Answers(Scratch, 0xa5);
        if (!IsPresent)
            return;

        Write(InterruptEnable, 0);
        Write(LineControl, DivisorLatch);
        Write(0, 1);
        Write(1, 0);
        Write(LineControl, EightBits);
        Write(FifoControl, EnableAndClearFifos);
        Write(ModemControl, ReadyWithInterrupt);
        _burst = (Read(InterruptIdentification) & FifosWork) == FifosWork ? FifoSize : 1;
    }

    /// <summary>There is a UART.</summary>
    public bool IsPresent { get; }

    /// <summary>TSC ticks spent waiting for the listener at the other end.</summary>
    public ulong Waited { get; private set; }

    /// <summary>Sends bytes, as many at a time as the FIFO holds. Callers serialise.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (!IsPresent)
            return;

        foreach (byte value in bytes)
        {
            if (_room == 0 && !WaitForRoom())
                return;

            Write(0, value);
            _room--;
        }
    }

    /// <summary>Asks for an interrupt when something is received or waits already.</summary>
    public void EnableReceiveInterrupt()
    {
        if (IsPresent)
            Write(InterruptEnable, ReceiveInterrupt);
    }

    /// <summary>No more interrupts: what is received stays in the FIFO.</summary>
    public void DisableReceiveInterrupt() => Write(InterruptEnable, 0);

    /// <summary>Takes a received byte, if there is one.</summary>
    public bool TryReceive(out byte value)
    {
        bool ready = IsPresent && (Read(LineStatus) & DataReady) != 0;
        value = ready ? Read(0) : (byte)0;
        return ready;
    }

    private bool WaitForRoom()
    {
        ulong start = Cpu.ReadTsc();
        int tries = _isStuck ? 1 : Patience;
        _isStuck = true;
        for (int i = 0; i < tries && _isStuck; i++)
            _isStuck = (Read(LineStatus) & HoldingRegisterEmpty) == 0;

        Waited += Cpu.ReadTsc() - start;
        _room = _isStuck ? 0 : _burst;
        return !_isStuck;
    }

    private bool Answers(int register, byte value)
    {
        Write(register, value);
        return Read(register) == value;
    }

    private byte Read(int register) => Cpu.In8((ushort)(_base + register));

    private void Write(int register, byte value) => Cpu.Out8((ushort)(_base + register), value);
}
