using System;
using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Boot;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Fakes;

/// <summary>
/// A whole core on a fake machine with running domains (ids 1, 2, ...), each with guest memory from page 0. Tests call
/// hypercalls as the guests would; guest addresses are physical unless the test sets up page tables.
/// </summary>
public sealed class TestHost
{
    public const int FrameCount = 16384;
    public const int FirstFreeFrame = 64;
    public const int DomainFrames = 1024;

    /// <summary>Where a boot module starts, below the frames that are given out.</summary>
    public const ulong ModuleFrame = 1;

    public TestHost(
        int domains = 2, int vcpus = 1, int cpus = 2, Action<DomainConfig>? configure = null,
        Func<uint, uint, CpuidResult>? source = null, string commandLine = "", int reservedCpus = 0,
        int slots = 0, int slotVcpus = 0, byte[]? module = null)
    {
        Machine = new FakeMachine(cpus, FrameCount) { VcpuFactory = () => new FakeVcpuHardware(), CpuidSource = source, ReservedCpus = reservedCpus };
        HostMemory memory = new(Machine, FrameCount);
        memory.Allocator.AddFree(FirstFreeFrame, FrameCount - FirstFreeFrame);
        Kernel = new Kernel(Machine, new BootInformation
        {
            Memory = memory,
            CommandLine = Encoding.ASCII.GetBytes(commandLine),
            Modules = module == null ? [] : [TestModule.Place(Machine.Frames, ModuleFrame, module)],
        });
        Kernel.Prepare([.. Enumerable.Range(0, domains).Select(i => Config(i, vcpus, configure))], slots, slotVcpus);
        foreach (Domain domain in Kernel.Domains.Slots)
        {
            if (!domain.IsMade)
            {
                Start(domain);
            }
        }
    }

    public FakeMachine Machine { get; }

    /// <summary>What happens before a call is gone on with.</summary>
    public Action? OnContinue { get; set; }

    public Kernel Kernel { get; }

    public Domain Domain(int index) => Kernel.Domains.Slots[index];

    public Vcpu Vcpu(int domain, int index = 0) => Domain(domain).Vcpus[index];

    public FakeVcpuHardware Hardware(int domain, int vcpu = 0) => (FakeVcpuHardware)Vcpu(domain, vcpu).Hardware;

    /// <summary>A page of a domain's memory, where the test writes arguments and reads answers.</summary>
    public Span<byte> Page(int domain, ulong gfn)
    {
        Assert.That(Domain(domain).Physmap.TryLookup(gfn, out PhysmapEntry entry), Is.True, $"page {gfn} is a hole");
        return Machine.Frames[entry.Mfn];
    }

    /// <summary>Calls an operation of the ABI table, going on with it as often as it asks to be continued.</summary>
    public long Call(int domain, ulong number, bool is32, params ulong[] arguments)
    {
        HypercallCall call = new(Vcpu(domain), is32);
        (call.Arg0, call.Arg1, call.Arg2, call.Arg3) = (At(arguments, 0), At(arguments, 1), At(arguments, 2), At(arguments, 3));
        while (true)
        {
            long result = HypercallTable.Serve(ref call, number);
            Assert.That(Machine.Frames.OpenWindows, Is.Zero, "a window is left open");
            if (!call.IsContinued)
            {
                return result;
            }

            Machine.Tsc++;
            OnContinue?.Invoke();
            call = new HypercallCall(Vcpu(domain), is32)
            {
                Arg0 = call.Arg0,
                Arg1 = call.Arg1,
                Arg2 = call.Arg2,
                Arg3 = call.Arg3,
            };
        }
    }

    public long Call(int domain, ulong number, params ulong[] arguments) => Call(domain, number, false, arguments);

    /// <summary>Builds and starts a domain in an empty slot, under the next id.</summary>
    public void Start(Domain domain)
    {
        Kernel.Domains.Assign(domain);
        Assert.That(domain.Memory.TryReset(domain.Id, DomainFrames, 512), Is.True);
        Assert.That(domain.Memory.TryPopulateRange(0, DomainFrames), Is.True);
        Assert.That(domain.Pool.TryTake(FrameType.Shared, out ulong sharedInfo), Is.True);
        domain.SharedInfoMfn = sharedInfo;
        domain.PlaceVcpuInfos();
        Assert.That(domain.Events.TryReset(), Is.True);
        Assert.That(domain.Grants.TryReset(), Is.True);
        domain.State = DomainState.Running;
    }

    private static ulong At(ulong[] values, int index) => index < values.Length ? values[index] : 0;

    private static DomainConfig Config(int index, int vcpus, Action<DomainConfig>? configure)
    {
        DomainConfig config = new()
        {
            Name = Encoding.ASCII.GetBytes($"guest{index}"),
            MemoryFrames = DomainFrames,
            VcpuCount = vcpus,
        };
        configure?.Invoke(config);
        return config;
    }
}
