namespace Microkernel.Core.Vcpus;

/// <summary>
/// Reads and writes of local APIC registers by their vCPU, in both modes (Intel SDM vol. 3, 11.4 and 11.12.1). False: there is no such
/// register, it cannot be read or written, or reserved bits are set; that is #GP in x2APIC mode and an error in ESR in xAPIC mode.
/// </summary>
public static class ApicAccess
{
    // Version 0x14, seven LVT entries.
    private const uint Version = 0x0005_0014;
    private const uint VectorMask = 0xFF;
    private const uint SpuriousMask = 0x1FF;
    private const uint LvtMask = VectorMask | LocalApic.Masked;
    private const uint TimerModes = 3u << 17;
    private const uint DeliveryMode = 7u << 8;
    private const uint PinBits = (1u << 13) | (1u << 15);
    private const uint DivideMask = 0xB;
    private const uint DestinationFormatOnes = 0x0FFF_FFFF;

    /// <summary>Reads a register. ICR is read by its halves.</summary>
    public static bool TryRead(LocalApic apic, int register, out uint value)
    {
        bool isX2 = apic.Mode == ApicMode.X2Apic;
        switch (register)
        {
            case ApicRegister.Id:
                value = isX2 ? apic.Id : apic.Id << 24;
                return true;
            case ApicRegister.Version:
                value = Version;
                return true;
            case ApicRegister.ProcessorPriority:
                value = apic.ProcessorPriority;
                return true;
            case ApicRegister.LogicalDestination:
                value = isX2 ? InterprocessorInterrupt.LogicalId(apic.Id) : apic.Register(register);
                return true;
            case ApicRegister.CurrentCount:
                value = apic.Timer.CurrentCount;
                return true;
            case >= ApicRegister.InService and < ApicRegister.TriggerMode:
                value = apic.InService(register - ApicRegister.InService);
                return true;
            case >= ApicRegister.InterruptRequest and < ApicRegister.ErrorStatus:
                value = apic.Requests(register - ApicRegister.InterruptRequest);
                return true;
            default:
                return TryReadStored(apic, register, isX2, out value);
        }
    }

    /// <summary>Writes a register. ICR in x2APIC mode is <see cref="InterprocessorInterrupt"/>'s.</summary>
    public static bool TryWrite(LocalApic apic, int register, uint value)
    {
        bool isX2 = apic.Mode == ApicMode.X2Apic;
        if (isX2 && (value & ReservedBits(register)) != 0)
            return false;

        switch (register)
        {
            case ApicRegister.TaskPriority:
                apic.SetTaskPriority((byte)value);
                return true;
            case ApicRegister.EndOfInterrupt:
                apic.EndInterrupt();
                return true;
            case ApicRegister.SpuriousVector:
                apic.SetRegister(register, value & SpuriousMask);
                apic.SwitchedOn();
                return true;
            case ApicRegister.ErrorStatus:
                apic.LatchErrors();
                return true;
            case ApicRegister.LvtTimer:
                apic.Timer.ChangeEntry(ComposeEntry(apic, register, value));
                return true;
            case >= ApicRegister.LvtThermal and <= ApicRegister.LvtError:
                apic.SetRegister(register, ComposeEntry(apic, register, value));
                return true;
            case ApicRegister.InitialCount:
                apic.Timer.Start(value);
                return true;
            case ApicRegister.DivideConfiguration:
                apic.Timer.ChangeDivider(value & DivideMask);
                return true;
            default:
                return isX2 ? TryWriteX2(apic, register, value) : TryWriteX(apic, register, value);
        }
    }

    private static bool TryReadStored(LocalApic apic, int register, bool isX2, out uint value)
    {
        value = apic.Register(register);
        return register switch
        {
            ApicRegister.TaskPriority or ApicRegister.SpuriousVector or ApicRegister.ErrorStatus => true,
            ApicRegister.InterruptCommand or ApicRegister.InitialCount or ApicRegister.DivideConfiguration => true,
            >= ApicRegister.LvtTimer and <= ApicRegister.LvtError => true,
            >= ApicRegister.TriggerMode and < ApicRegister.InterruptRequest => true,
            ApicRegister.DestinationFormat or ApicRegister.InterruptCommandHigh => !isX2,
            _ => false,
        };
    }

    private static bool TryWriteX2(LocalApic apic, int register, uint value)
    {
        if (register != ApicRegister.SelfInterrupt)
            return false;

        InterprocessorInterrupt.SendToSelf(apic, (byte)value);
        return true;
    }

    private static bool TryWriteX(LocalApic apic, int register, uint value)
    {
        switch (register)
        {
            case ApicRegister.Id:
                return true;
            case ApicRegister.LogicalDestination:
                apic.SetRegister(register, value & 0xFF00_0000);
                return true;
            case ApicRegister.DestinationFormat:
                apic.SetRegister(register, value | DestinationFormatOnes);
                return true;
            case ApicRegister.InterruptCommandHigh:
                apic.SetRegister(register, value & 0xFF00_0000);
                return true;
            case ApicRegister.InterruptCommand:
                uint destination = apic.Register(ApicRegister.InterruptCommandHigh) >> 24;
                return InterprocessorInterrupt.TrySend(apic, destination, value);
            default:
                return false;
        }
    }

    // While the APIC is switched off by software, all entries stay masked.
    private static uint ComposeEntry(LocalApic apic, int register, uint value)
    {
        uint entry = value & WritableBits(register);
        return apic.IsEnabled ? entry : entry | LocalApic.Masked;
    }

    private static uint WritableBits(int register) => register switch
    {
        ApicRegister.LvtTimer => LvtMask | TimerModes,
        ApicRegister.LvtError => LvtMask,
        ApicRegister.LvtLint0 or ApicRegister.LvtLint1 => LvtMask | DeliveryMode | PinBits,
        _ => LvtMask | DeliveryMode,
    };

    private static uint ReservedBits(int register) => register switch
    {
        ApicRegister.TaskPriority or ApicRegister.SelfInterrupt => ~VectorMask,
        ApicRegister.EndOfInterrupt or ApicRegister.ErrorStatus => uint.MaxValue,
        ApicRegister.SpuriousVector => ~SpuriousMask,
        ApicRegister.DivideConfiguration => ~DivideMask,
        _ when LocalApic.IsLvt(register) => ~(WritableBits(register) | (1u << 12) | (1u << 14)),
        _ => 0,
    };
}
