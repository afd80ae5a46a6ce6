using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Events;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// The local APIC of a vCPU (Intel SDM vol. 3, chapter 11): what is requested and in service, its priority, and its registers. Other CPUs
/// only add to the requests and to the start-up word, by atomic operations; everything else belongs to the vCPU's own CPU.
/// </summary>
public sealed class LocalApic
{
    internal const uint Masked = 1u << 16;
    internal const uint SoftwareEnable = 1u << 8;
    internal const uint SendIllegalVector = 1u << 5;
    internal const uint ReceiveIllegalVector = 1u << 6;
    internal const uint IllegalRegister = 1u << 7;
    internal const int FirstLegalVector = 16;
    private const uint SpuriousVectorAtReset = 0xFF;
    private const uint FlatModel = 0xFFFF_FFFF;

    private readonly VectorSet _requests = new();
    private readonly VectorSet _inService = new();
    private readonly uint[] _registers = new uint[ApicRegister.Count];
    private uint _errors;

    /// <summary>The local APIC of <paramref name="vcpu"/>.</summary>
    public LocalApic(Vcpu vcpu)
    {
        Vcpu = vcpu;
        Timer = new ApicTimer(this);
        Startup = new StartupRequest(vcpu);
        Reset();
    }

    /// <summary>Whose it is.</summary>
    public Vcpu Vcpu { get; }

    /// <summary>INIT and start-up IPIs that it has not yet obeyed.</summary>
    public StartupRequest Startup { get; }

    /// <summary>Its id: twice the vCPU's number, as Xen gives them and the MADT says.</summary>
    public uint Id => (uint)Vcpu.Id * 2;

    /// <summary>IA32_APIC_BASE.</summary>
    public ulong Base { get; internal set; }

    /// <summary>How it is reached.</summary>
    public ApicMode Mode => ApicBase.ModeOf(Base);

    /// <summary>Its timer.</summary>
    internal ApicTimer Timer { get; }

    /// <summary>It is switched on, also by its spurious-vector register.</summary>
    public bool IsEnabled =>
        Mode != ApicMode.Disabled && (Register(ApicRegister.SpuriousVector) & SoftwareEnable) != 0;

    /// <summary>The higher one of the task's priority and that of the interrupt in service.</summary>
    public uint ProcessorPriority
    {
        get
        {
            uint task = Register(ApicRegister.TaskPriority);
            int serving = _inService.Highest;
            return serving >> 4 > (int)task >> 4 ? (uint)serving & 0xF0 : task;
        }
    }

    /// <summary>The vector that would be delivered now; -1 for none.</summary>
    public int NextVector
    {
        get
        {
            int vector = _requests.Highest;
            return vector >= 0 && IsEnabled && (uint)vector >> 4 > ProcessorPriority >> 4 ? vector : -1;
        }
    }

    /// <summary>Requests an interrupt, from any CPU. Vectors below 16 do not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Post(byte vector)
    {
        _requests.Add(vector);
        Vcpu.Post(PendingWork.Apic);
    }

    /// <summary>
    /// Requests the upcall vector of the vCPU, from any CPU. While the APIC is switched off the request is not kept: switching on looks at
    /// evtchn_upcall_pending. (Linux spends half a second of its start on a request that it finds before it switches on.)
    /// </summary>
    public void PostUpcall()
    {
        // The caller set evtchn_upcall_pending with a full barrier: either it sees the APIC on, or the APIC sees the flag.
        if (IsEnabled)
            Post(Vcpu.UpcallVector);
    }

    /// <summary>The guest has changed what may keep the APIC switched off.</summary>
    public void SwitchedOn()
    {
        Interlocked.MemoryBarrier();
        if (IsEnabled && Vcpu.UpcallVector != 0 && VcpuInfo.IsUpcallPending(Vcpu))
            Post(Vcpu.UpcallVector);

        LookAgain();
    }

    /// <summary>The CPU takes the interrupt that <see cref="NextVector"/> named.</summary>
    public void Accept(byte vector)
    {
        _requests.Remove(vector);
        _inService.Add(vector);
    }

    /// <summary>The guest sets the priority below which it takes no interrupts; CR8 shows the upper half of it.</summary>
    public void SetTaskPriority(byte value)
    {
        SetRegister(ApicRegister.TaskPriority, value);
        Vcpu.Hardware.TaskPriority = (byte)(value >> 4);
        LookAgain();
    }

    /// <summary>The guest has served the interrupt of the highest priority.</summary>
    public void EndInterrupt()
    {
        int vector = _inService.Highest;
        if (vector >= 0)
        {
            _inService.Remove((byte)vector);
            LookAgain();
        }
    }

    /// <summary>As for a new domain: switched on in xAPIC mode, the first vCPU's is the boot processor's.</summary>
    public void Reset()
    {
        Base = ApicBase.AtReset(Vcpu.Id == 0);
        ResetRegisters();
        Startup.Clear();
    }

    /// <summary>INIT, or switched off by IA32_APIC_BASE: the registers are as after power-on.</summary>
    public void ResetRegisters()
    {
        _requests.Clear();
        _inService.Clear();
        for (int i = 0; i < _registers.Length; i++)
            _registers[i] = IsLvt(i) ? Masked : 0;

        Vcpu.Hardware.TaskPriority = 0;
        _registers[ApicRegister.DestinationFormat] = FlatModel;
        _registers[ApicRegister.SpuriousVector] = SpuriousVectorAtReset;
        _errors = 0;
        Timer.Stop();
    }

    /// <summary>The timer has expired: its interrupt, unless that is masked. From any CPU.</summary>
    internal void RaiseTimer()
    {
        uint entry = Volatile.Read(ref _registers[ApicRegister.LvtTimer]);
        if ((entry & Masked) == 0)
            Raise(entry);
    }

    /// <summary>An error is noted for ESR and its interrupt raised.</summary>
    internal void Report(uint error)
    {
        _errors |= error;
        uint entry = Register(ApicRegister.LvtError);
        if ((entry & Masked) == 0 && (byte)entry >= FirstLegalVector)
            Post((byte)entry);
    }

    /// <summary>ESR takes over the errors noted since it was written last.</summary>
    internal void LatchErrors()
    {
        _registers[ApicRegister.ErrorStatus] = _errors;
        _errors = 0;
    }

    /// <summary>Something may have become deliverable: priorities were lowered or it was switched on.</summary>
    internal void LookAgain()
    {
        if (_requests.Highest >= 0)
            Vcpu.PostLocally(PendingWork.Apic);
    }

    /// <summary>A register's content as stored.</summary>
    internal uint Register(int register) => _registers[register];

    /// <summary>Stores a register's content.</summary>
    internal void SetRegister(int register, uint value) => Volatile.Write(ref _registers[register], value);

    /// <summary>A word of the requests (IRR).</summary>
    internal uint Requests(int index) => _requests[index];

    /// <summary>A word of the interrupts in service (ISR).</summary>
    internal uint InService(int index) => _inService[index];

    internal static bool IsLvt(int register) => register is >= ApicRegister.LvtTimer and <= ApicRegister.LvtError;

    // An entry of the local vector table fires; an illegal vector is an error.
    private void Raise(uint entry)
    {
        if ((byte)entry >= FirstLegalVector && IsEnabled)
            Post((byte)entry);
    }
}
