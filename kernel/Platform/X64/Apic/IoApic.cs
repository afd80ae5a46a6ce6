using Microkernel.Platform.Acpi;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Apic;

/// <summary>An I/O APIC (82093AA): brings the wires of devices to CPUs. All of them are masked but those of the UARTs.</summary>
internal sealed class IoApic
{
    private const int Select = 0;
    private const int Window = 0x10;
    private const uint VersionRegister = 1;
    private const uint FirstEntry = 0x10;
    private const uint Masked = 0x1_0000;
    private const uint ActiveLow = 0x2000;
    private const uint LevelTriggered = 0x8000;
    private const int DestinationShift = 24;

    private readonly DeviceMemory _registers;
    private readonly uint _first;
    private readonly uint _count;

    /// <summary>Takes over an I/O APIC and masks its inputs.</summary>
    public IoApic(IoApicInfo info)
    {
        _registers = DeviceMemory.Map(info.Address);
        _first = info.FirstInterrupt;
        _count = ((Read(VersionRegister) >> 16) & 0xff) + 1;
        for (uint input = 0; input < _count; input++)
            Write(FirstEntry + (input * 2), Masked);
    }

    /// <summary>A global interrupt number is one of its inputs.</summary>
    public bool Has(uint globalInterrupt) => globalInterrupt >= _first && globalInterrupt - _first < _count;

    /// <summary>Sends an input to a CPU with an APIC id below 255, as a fixed interrupt.</summary>
    public void Route(InterruptOverride source, byte vector, uint apicId)
    {
        uint entry = FirstEntry + ((source.GlobalInterrupt - _first) * 2);
        Write(entry + 1, apicId << DestinationShift);
        Write(entry, vector | (source.IsActiveLow ? ActiveLow : 0) | (source.IsLevel ? LevelTriggered : 0));
    }

    private uint Read(uint register)
    {
        _registers.Write32(Select, register);
        return _registers.Read32(Window);
    }

    private void Write(uint register, uint value)
    {
        _registers.Write32(Select, register);
        _registers.Write32(Window, value);
    }
}
