using System.Threading;
using Microkernel.Core.Events;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// INIT and start-up IPIs on their way to a vCPU. Whoever sends them leaves a note; the vCPU obeys on its own CPU before it enters the
/// guest again, so that nobody touches the state of a vCPU that runs.
/// </summary>
public sealed class StartupRequest(Vcpu vcpu)
{
    private const int Init = 1 << 8;
    private const int Start = 1 << 9;
    private const ulong Cr0ExtensionType = 0x10;
    private const uint ResetRdx = 0xF00;

    private int _request;

    /// <summary>INIT arrives. From any CPU.</summary>
    public void SendInit()
    {
        Interlocked.Exchange(ref _request, Init);
        vcpu.Post(PendingWork.Startup);
    }

    /// <summary>A start-up IPI arrives: code at page <paramref name="page"/>. Only a vCPU that waits for it obeys. From any CPU.</summary>
    public void SendStart(byte page)
    {
        int before = Volatile.Read(ref _request);
        if ((vcpu.IsInitialised && (before & Init) == 0) || (before & Start) != 0)
            return;

        if (Interlocked.CompareExchange(ref _request, before | Start | page, before) == before)
        {
            vcpu.Post(PendingWork.Startup);
            vcpu.Domain.Kernel.Dispatcher.BringOnline(vcpu);
        }
    }

    /// <summary>Forgets what has not been obeyed.</summary>
    public void Clear() => Volatile.Write(ref _request, 0);

    /// <summary>Obeys, on the vCPU's own CPU: the vCPU starts anew, or waits offline for a start-up IPI.</summary>
    public void Obey()
    {
        using TicketLock.Holder held = vcpu.Domain.StartLock.Hold();
        bool wasInitialised = vcpu.IsInitialised;

        // Before the request is taken: a start-up IPI that finds neither INIT nor a vCPU that waits would be lost.
        if ((Volatile.Read(ref _request) & Init) != 0)
            vcpu.IsInitialised = false;

        int request = Interlocked.Exchange(ref _request, 0);

        // As on Xen, INIT does nothing to a vCPU that waits to be started: what is posted to its local APIC stays.
        if ((request & Init) != 0 && wasInitialised)
        {
            vcpu.IsInitialised = false;
            vcpu.IsHalted = false;
            vcpu.Apic.ResetRegisters();
        }

        if ((request & Start) != 0 && !vcpu.IsInitialised)
        {
            FillRealMode((byte)request, out VcpuContext context);
            vcpu.Hardware.Reset(in context);
            vcpu.IsInitialised = true;
            RaiseAgain();
        }

        vcpu.WantsOffline |= !vcpu.IsInitialised;
    }

    // An upcall that INIT took from the local APIC would never be raised again: evtchn_upcall_pending is still set.
    private void RaiseAgain()
    {
        if (VcpuInfo.IsUpcallPending(vcpu))
            vcpu.RaiseUpcall();
    }

    // After a start-up IPI (AMD APM vol. 2, 14.1.3 and 15.28): as after INIT, but code starts at the page.
    private static void FillRealMode(byte page, out VcpuContext context)
    {
        context = default;
        context.Registers.Rdx = ResetRdx;
        context.Registers.Rflags = 2;
        context.Cr0 = Cr0ExtensionType;
        Segment data = new() { Attributes = 0x93, Limit = 0xFFFF };
        context.Ss = data;
        context.Ds = data;
        context.Es = data;
        context.Fs = data;
        context.Gs = data;
        context.Cs = new Segment
        {
            Selector = (ushort)(page << 8),
            Attributes = 0x9B,
            Limit = 0xFFFF,
            Base = (ulong)page << 12,
        };
        context.Ldtr = new Segment { Attributes = 0x82, Limit = 0xFFFF };
        context.Tr = new Segment { Attributes = 0x8B, Limit = 0xFFFF };
        context.Gdtr = new Segment { Limit = 0xFFFF };
        context.Idtr = new Segment { Limit = 0xFFFF };
    }
}
