using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>What one incarnation of the toolstack sees of the core. Once it is dead, nothing that it does has an effect.</summary>
internal sealed class FakeCore(FakeMachine machine) : ICore
{
    internal bool IsDead { get; set; }

    public uint OwnDomain => 5;

    public uint FirstGuest => FakeMachine.FirstGuest;

    public ulong Now => machine.Now;

    public IReadOnlyList<CoreDomain> ListDomains() => Run("list domains", () => (IReadOnlyList<CoreDomain>)
        [new CoreDomain { Id = 1 }, .. machine.All().Select(Describe)]);

    public CoreVcpu? GetVcpu(uint domain, uint vcpu) =>
        vcpu < machine.Find(domain).Claim.MaximumVcpus ? new CoreVcpu(vcpu % 2, vcpu == 0, false, true, 500, [3]) : null;

    public void Pause(uint domain) => Run("pause", () => machine.Find(domain).IsPaused = true);

    public void Unpause(uint domain) => Run("unpause", () =>
    {
        FakeDomain found = machine.Find(domain);
        found.HasRun = true;
        return found.IsPaused = false;
    });

    public CoreHost GetHost() => new("1.0", 2, 2_000_000, 1UL << 32, 1UL << 31, "xen-3.0-x86_64 hvm-3.0-x86_64");

    public CoreLogPart ReadLog(uint index, bool clears)
    {
        byte[] text = Encoding.ASCII.GetBytes(machine.Log[(int)index..]);
        if (clears)
            machine.Log = "";
        return new CoreLogPart(text, index + (uint)text.Length);
    }

    public CoreAudit? Audit() => machine.Domains.Count == 0 ? new CoreAudit(0, 10) : null;

    private static CoreDomain Describe(FakeDomain domain) => new()
    {
        Id = domain.Id,
        End = domain.End,
        IsPaused = domain.IsPaused,
        IsBlocked = !domain.IsPaused,
        CpuTime = domain.HasRun ? 1000UL : 0,
        MemoryBytes = domain.Target,
        MaximumBytes = domain.Maximum,
        LastVcpu = domain.Claim.MaximumVcpus - 1,
    };

    private T Run<T>(string name, Func<T> effect) =>
        IsDead ? throw new OperationCanceledException("this incarnation is over") : machine.Faults.Run("Core." + name, effect);
}
