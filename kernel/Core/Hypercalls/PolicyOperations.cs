using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>The operations of service_op for the domain that decides how vCPUs share the CPUs.</summary>
public static class PolicyOperations
{
    // In the place where a read goes on: the number of the vCPU, below that of its domain's slot.
    private const int VcpuBits = 8;
    private const uint VcpuMask = (1u << VcpuBits) - 1;

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call) => call.Operation switch
    {
        PolicyAbi.ReadScheduling => call.Holds(Privilege.Info) ? Read(ref call) : XenError.EPERM,
        PolicyAbi.ApplyScheduling => call.Holds(Privilege.Control) ? Apply(ref call) : XenError.EPERM,
        PolicyAbi.ReadSlices => call.Holds(Privilege.Info) ? ReadSlices(ref call) : XenError.EPERM,
        _ => XenError.ENOSYS,
    };

    private static long Read(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out PolicyAbi.Read wanted))
            return XenError.EFAULT;

        Kernel kernel = call.Domain.Kernel;
        wanted.Count = 0;
        wanted.CpuCount = (uint)kernel.Cpus.Length;
        wanted.Generation = kernel.Plan.Generation;
        wanted.Now = kernel.Clock.Now();
        while (wanted.Count < wanted.Capacity && TryFind(kernel.Domains, ref wanted.First, out Vcpu vcpu))
        {
            PolicyAbi.State state = Describe(kernel, vcpu);
            if (!call.TryWrite(wanted.Buffer + (wanted.Count * PolicyAbi.StateSize), in state))
                return XenError.EFAULT;

            wanted.Count++;
            wanted.First++;
            if (call.ShouldPreempt)
                break;
        }

        if (!TryFind(kernel.Domains, ref wanted.First, out _))
            wanted.First = 0;

        return call.Answer(call.Arg1, in wanted);
    }

    private static long Apply(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out PolicyAbi.Transaction wanted))
            return XenError.EFAULT;

        SchedulingPlan plan = call.Domain.Kernel.Plan;
        using TicketLock.Holder held = plan.Lock.Hold();
        long result = plan.Check(in call, ref wanted);
        wanted.Generation = plan.Generation + (result == 0 ? 1u : 0);

        // The caller is told first: nothing fails after that.
        if (!call.TryWrite(call.Arg1, in wanted))
            result = XenError.EFAULT;

        plan.Finish(applies: result == 0);
        return result;
    }

    private static long ReadSlices(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out PolicyAbi.SliceRead wanted))
            return XenError.EFAULT;

        ReadOnlySpan<PhysicalCpu> cpus = call.Domain.Kernel.Cpus;
        if (wanted.Cpu >= (uint)cpus.Length)
            return XenError.EINVAL;

        ulong asked = wanted.First;
        wanted.Count = 0;
        while (wanted.Count < wanted.Capacity)
        {
            int count = CopySlices(in call, cpus[(int)wanted.Cpu], ref wanted);
            if (count < 0)
                return XenError.EFAULT;

            if (count == 0 || call.ShouldPreempt)
                break;
        }

        wanted.Lost = wanted.First - wanted.Count - asked;
        wanted.Now = call.Domain.Kernel.Clock.Now();
        return call.Answer(call.Arg1, in wanted);
    }

    // A few at a time: the CPU that is asked about needs its lock for each switch.
    private static int CopySlices(in HypercallCall call, PhysicalCpu cpu, ref PolicyAbi.SliceRead wanted)
    {
        const int atATime = 16;
        Span<PolicyAbi.Slice> slices = stackalloc PolicyAbi.Slice[atATime];
        slices = slices.Slice(0, (int)Math.Min(atATime, wanted.Capacity - wanted.Count));
        cpu.Lock.Enter();
        int count = cpu.Slices.CopyTo(slices, ref wanted.First);
        cpu.Lock.Exit();
        Clock clock = call.Domain.Kernel.Clock;
        for (int i = 0; i < count; i++)
        {
            ref PolicyAbi.Slice slice = ref slices[i];
            slice.Start = clock.At(slice.Start);
            slice.End = clock.At(slice.End);
            slice.Waited = clock.ToNanoseconds(slice.Waited);
            slice.Next = WhereIs((VcpuState)slice.Next);
            if (!call.TryWrite(wanted.Buffer + (wanted.Count++ * PolicyAbi.SliceSize), in slice))
                return -1;
        }

        return count;
    }

    // The first vCPU at a place or after it.
    private static bool TryFind(DomainTable domains, ref uint place, out Vcpu vcpu)
    {
        for (uint slot = place >> VcpuBits; slot < (uint)domains.Slots.Length; slot++)
        {
            ReadOnlySpan<Vcpu> vcpus = domains.Slots[slot].Vcpus;
            uint number = slot == place >> VcpuBits ? place & VcpuMask : 0;
            if (domains.Slots[slot].State != DomainState.Empty && number < (uint)vcpus.Length)
            {
                place = (slot << VcpuBits) | number;
                vcpu = vcpus[(int)number];
                return true;
            }
        }

        vcpu = null!;
        return false;
    }

    private static PolicyAbi.State Describe(Kernel kernel, Vcpu vcpu)
    {
        SchedulingContext context = vcpu.Scheduling;
        DispatchAccount account = vcpu.Account;
        PolicyAbi.State state = default;
        state.Domain = vcpu.Domain.Id;
        state.Vcpu = (uint)vcpu.Id;
        state.DomainGeneration = vcpu.Domain.Generation;
        state.Cpu = (uint)vcpu.Cpu.Index;
        state.Where = WhereIs(vcpu.State);
        state.Flags = (context.HasFloor ? PolicyAbi.HasFloor : 0) | (context.Table != null ? PolicyAbi.HasSlot : 0);
        state.Rules = vcpu.Rules;
        state.Rules.Weight = (uint)context.Weight;
        state.Rules.Affinity = context.HasFloor ? ulong.MaxValue : state.Rules.Affinity;
        state.Effective = context.Affinity & kernel.Plan.GuestCpus;
        state.Pin = context.Pin;
        state.Ran = vcpu.Runstate.TimeIn(RunstateKind.Running);
        state.Waited = vcpu.Runstate.TimeIn(RunstateKind.Runnable);
        state.Wakeups = account.Wakeups;
        state.Migrations = account.Migrations;
        state.WorstWait = kernel.Clock.ToNanoseconds(account.WorstWait);
        state.Latency = account.Latency;
        return state;
    }

    private static uint WhereIs(VcpuState state) => state switch
    {
        VcpuState.Running => PolicyAbi.IsRunning,
        VcpuState.Runnable => PolicyAbi.IsReady,
        VcpuState.Blocked => PolicyAbi.IsBlocked,
        _ => PolicyAbi.IsOffline,
    };
}
