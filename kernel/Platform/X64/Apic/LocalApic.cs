using System.Runtime.CompilerServices;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Apic;

/// <summary>
/// The local APICs of all CPUs, each reached from its own CPU: by MSRs in x2APIC mode, which is used where there is one,
/// by registers in memory otherwise (Intel SDM vol. 3A, chapter 11; AMD APM vol. 2, chapter 16).
/// </summary>
internal sealed class LocalApic
{
    // Offsets of registers in memory; the MSR is 0x800 and a sixteenth of it.
    private const int IdRegister = 0x20;
    private const int TaskPriority = 0x80;
    private const int EndOfInterruptRegister = 0xb0;
    private const int SpuriousVector = 0xf0;
    private const int ErrorStatus = 0x280;
    private const int CommandLow = 0x300;
    private const int CommandHigh = 0x310;
    private const int TimerEntry = 0x320;
    private const int Lint0Entry = 0x350;
    private const int Lint1Entry = 0x360;
    private const int ErrorEntry = 0x370;
    private const int InitialCount = 0x380;
    private const int CurrentCount = 0x390;
    private const int DivideRegister = 0x3e0;

    private const uint BaseMsr = 0x1b;
    private const ulong GlobalEnable = 1 << 11;
    private const ulong X2ApicEnable = 1 << 10;
    private const ulong AddressMask = 0x000f_ffff_ffff_f000;
    private const uint FirstX2ApicMsr = 0x800;
    private const uint X2ApicFeature = 1 << 21;
    private const uint DeadlineFeature = 1 << 24;
    private const uint DeadlineMsr = 0x6e0;

    private const uint SoftwareEnable = 0x100;
    private const uint Masked = 0x1_0000;
    private const uint DeliverNmi = 0x400;
    private const uint DeadlineMode = 0x4_0000;
    private const uint DivideByOne = 0xb;
    private const uint SendPending = 0x1000;
    private const uint AssertLevel = 0x4000;
    private const uint InitCommand = 0x500 | AssertLevel;
    private const uint StartupCommand = 0x600 | AssertLevel;
    private const uint NmiCommand = DeliverNmi | AssertLevel;
    private const int XApicIdShift = 24;

    private readonly DeviceMemory _registers;

    /// <summary>Chooses the mode, for all CPUs, by what this one can do.</summary>
    public LocalApic()
    {
        uint features = Cpu.Cpuid(1).Ecx;
        UsesX2Apic = (features & X2ApicFeature) != 0;
        UsesDeadline = (features & DeadlineFeature) != 0;
        if (!UsesX2Apic)
            _registers = DeviceMemory.Map(Cpu.ReadMsr(BaseMsr) & AddressMask);
    }

    /// <summary>x2APIC mode: APIC ids have 32 bits.</summary>
    public bool UsesX2Apic { get; }

    /// <summary>The timer takes a TSC value; otherwise it counts down from a number.</summary>
    public bool UsesDeadline { get; }

    /// <summary>APIC id of this CPU.</summary>
    public uint Id => UsesX2Apic ? Read(IdRegister) : Read(IdRegister) >> XApicIdShift;

    /// <summary>The counting timer's present value (with <see cref="UsesDeadline"/>: always 0).</summary>
    public uint TimerCount => Read(CurrentCount);

    /// <summary>Sets up this CPU's local APIC: everything masked but the timer, errors and NMI.</summary>
    /// <param name="takesExternalNmi">NMIs of the board go here.</param>
    public void Enable(bool takesExternalNmi)
    {
        ulong mode = UsesX2Apic ? GlobalEnable | X2ApicEnable : GlobalEnable;
        Cpu.WriteMsr(BaseMsr, Cpu.ReadMsr(BaseMsr) | mode);
        Write(SpuriousVector, SoftwareEnable | Vector.Spurious);
        Write(TaskPriority, 0);
        Write(Lint0Entry, Masked);
        Write(Lint1Entry, takesExternalNmi ? DeliverNmi : Masked);
        Write(ErrorStatus, 0);
        Write(ErrorEntry, Vector.Error);
        Write(DivideRegister, DivideByOne);
        Write(TimerEntry, UsesDeadline ? DeadlineMode | Vector.Timer : Vector.Timer);
    }

    /// <summary>The interrupt being served has been served.</summary>
    public void EndOfInterrupt() => Write(EndOfInterruptRegister, 0);

    /// <summary>What went wrong since the last time it was asked (Intel SDM vol. 3A, 11.5.3).</summary>
    public uint TakeErrors()
    {
        Write(ErrorStatus, 0);
        return Read(ErrorStatus);
    }

    /// <summary>Lets the counting timer fire after <paramref name="count"/> of its ticks; 0 stops it.</summary>
    public void StartCount(uint count) => Write(InitialCount, count);

    /// <summary>Lets the timer fire when the TSC reaches a value; 0 stops it.</summary>
    public void StartDeadline(ulong tsc) => Cpu.WriteMsr(DeadlineMsr, tsc);

    /// <summary>Sends an interrupt to one CPU.</summary>
    public void Send(uint apicId, byte vector) => Command(apicId, AssertLevel | vector);

    /// <summary>Sends an NMI to one CPU.</summary>
    public void SendNmi(uint apicId) => Command(apicId, NmiCommand);

    /// <summary>Puts one CPU into the state that waits for a start-up message.</summary>
    public void SendInit(uint apicId) => Command(apicId, InitCommand);

    /// <summary>Starts one CPU in real mode at a page below 1 MiB.</summary>
    public void SendStartup(uint apicId, byte page) => Command(apicId, StartupCommand | page);

    private void Command(uint apicId, uint command)
    {
        if (UsesX2Apic)
        {
            // The MSR write is not ordered after earlier stores, which the other CPU is going to look at.
            Cpu.OrderStores();
            Cpu.WriteMsr(FirstX2ApicMsr + (CommandLow >> 4), ((ulong)apicId << 32) | command);
            return;
        }

        Write(CommandHigh, apicId << XApicIdShift);
        Write(CommandLow, command);
        while ((Read(CommandLow) & SendPending) != 0)
            Cpu.Pause();
    }

    private uint Read(int register) => UsesX2Apic
        ? (uint)Cpu.ReadMsr(FirstX2ApicMsr + ((uint)register >> 4))
        : _registers.Read32(register);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(int register, uint value)
    {
        if (UsesX2Apic)
            Cpu.WriteMsr(FirstX2ApicMsr + ((uint)register >> 4), value);
        else
            _registers.Write32(register, value);
    }
}
