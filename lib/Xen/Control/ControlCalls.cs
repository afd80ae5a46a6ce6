using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>Steers domains; needs the privilege Control. Every method throws <see cref="XenException"/> when refused.</summary>
public sealed class ControlCalls
{
    private readonly Privcmd _privcmd;

    /// <summary>Makes calls by a device that stays the caller's.</summary>
    public ControlCalls(Privcmd privcmd) => _privcmd = privcmd;

    /// <summary>Stops a domain's vCPUs. Counts: as many calls of <see cref="Unpause"/> let them run again.</summary>
    public void Pause(ushort domain) => Call($"pause domain {domain}", Command(domain, ControlAbi.Pause));

    /// <summary>Takes a pause back; the first time it starts a domain that was built.</summary>
    public void Unpause(ushort domain) => Call($"unpause domain {domain}", Command(domain, ControlAbi.Unpause));

    /// <summary>The weight and the cap that the scheduler goes by (credit2).</summary>
    public (ushort Weight, ushort Cap) GetSchedule(ushort domain)
    {
        ControlAbi.DomainCall<ControlAbi.Scheduling> call = Schedule(domain, ControlAbi.GetInfo);
        long result = _privcmd.TryCall(Hypercall.Domain, ref call);
        return result < 0
            ? throw new XenException($"ask for the weight of domain {domain}", (int)-result)
            : (call.Argument.Weight, call.Argument.Cap);
    }

    /// <summary>Sets them.</summary>
    public void SetSchedule(ushort domain, ushort weight, ushort cap)
    {
        ControlAbi.DomainCall<ControlAbi.Scheduling> call = Schedule(domain, ControlAbi.PutInfo);
        (call.Argument.Weight, call.Argument.Cap) = (weight, cap);
        Call($"set weight {weight} and cap {cap} of domain {domain}", call);
    }

    /// <summary>Confines a vCPU to CPUs, of which one at least must run guests.</summary>
    /// <param name="domain">Its domain.</param>
    /// <param name="vcpu">Its number.</param>
    /// <param name="cpus">The CPUs, a bit each.</param>
    /// <returns>What is in force: those of them that run guests.</returns>
    public ulong Pin(ushort domain, uint vcpu, ulong cpus)
    {
        using HypercallBuffer map = _privcmd.Rent();
        MemoryMarshal.Write(map.Bytes, in cpus);
        var call = new ControlAbi.DomainCall<ControlAbi.Affinity> { Command = ControlAbi.SetAffinity, Version = ControlAbi.Version, Domain = domain };
        call.Argument.Vcpu = vcpu;
        call.Argument.Flags = ControlAbi.HardAffinity;
        call.Argument.HardBitmap = map.Address;
        call.Argument.HardBits = sizeof(ulong) * 8;
        Call($"pin vCPU {vcpu} of domain {domain}", call);
        return MemoryMarshal.Read<ulong>(map.Bytes);
    }

    private static ControlAbi.DomainCall<ulong> Command(ushort domain, uint command) =>
        new() { Command = command, Version = ControlAbi.Version, Domain = domain };

    private static ControlAbi.DomainCall<ControlAbi.Scheduling> Schedule(ushort domain, uint command)
    {
        var call = new ControlAbi.DomainCall<ControlAbi.Scheduling> { Command = ControlAbi.Schedule, Version = ControlAbi.Version, Domain = domain };
        (call.Argument.Scheduler, call.Argument.Command) = (ControlAbi.Credit2, command);
        return call;
    }

    private void Call<T>(string tried, ControlAbi.DomainCall<T> call)
        where T : unmanaged
    {
        long result = _privcmd.TryCall(Hypercall.Domain, ref call);
        if (result < 0)
            throw new XenException(tried, (int)-result);
    }
}
