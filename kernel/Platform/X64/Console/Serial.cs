using System;

namespace Microkernel.Platform.X64;

/// <summary>The debug UART, a 16550 at COM1: 115200 baud, 8 data bits, no parity, polled output.</summary>
internal static class Serial
{
    private const ushort Base = 0x3F8;
    private const ushort InterruptEnable = Base + 1;
    private const ushort FifoControl = Base + 2;
    private const ushort LineControl = Base + 3;
    private const ushort ModemControl = Base + 4;
    private const ushort LineStatus = Base + 5;
    private const byte DivisorLatch = 0x80;
    private const byte EightBits = 0x03;
    private const byte TransmitterEmpty = 0x20;

    internal static void Initialize()
    {
        Cpu.Out8(InterruptEnable, 0);
        Cpu.Out8(LineControl, DivisorLatch);
        Cpu.Out8(Base, 1);
        Cpu.Out8(InterruptEnable, 0);
        Cpu.Out8(LineControl, EightBits);
        Cpu.Out8(FifoControl, 0xC7);
        Cpu.Out8(ModemControl, 0x0B);
    }

    internal static void Write(byte value)
    {
        while ((Cpu.In8(LineStatus) & TransmitterEmpty) == 0)
        {
        }

        Cpu.Out8(Base, value);
    }

    internal static void Write(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
        {
            if (value == '\n')
                Write((byte)'\r');
            Write(value);
        }
    }
}
