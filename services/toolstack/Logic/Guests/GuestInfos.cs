using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Tells the operator what guests there are.</summary>
internal sealed class GuestInfos
{
    /// <summary>The most bytes of an answer, so that it fits a ring's message.</summary>
    internal const int LargestAnswer = 60 << 10;

    private readonly Parts _parts;

    internal GuestInfos(Parts parts) => _parts = parts;

    /// <summary>Guests by rising domains.</summary>
    internal ListResponse List(ListRequest request)
    {
        IEnumerable<Guest> chosen = request.Guests.Count == 0 ? _parts.Guests.All : request.Guests.Select(_parts.Guests.Find).Distinct();
        Dictionary<uint, CoreDomain> domains = _parts.Core.ListDomains().ToDictionary(static d => d.Id);
        var answer = new ListResponse();
        int size = 0;
        foreach (Guest guest in chosen.Where(g => g.Domain >= request.FromDomain).OrderBy(static g => g.Domain).ThenBy(static g => g.Name))
        {
            GuestInfo info = Describe(guest.Record, domains.GetValueOrDefault(guest.Domain));
            size += info.CalculateSize() + 8;
            if (size > LargestAnswer && answer.Guests.Count > 0 && guest.Domain > request.FromDomain)
            {
                answer.NextDomain = guest.Domain;
                break;
            }

            answer.Guests.Add(info);
        }

        return answer;
    }

    private static GuestState StateOf(GuestPhase phase, CoreDomain? domain) => (phase, domain) switch
    {
        (GuestPhase.Building, _) => GuestState.Building,
        (GuestPhase.Leaving, _) or (_, null) or (_, { IsDying: true }) => GuestState.Dying,
        (_, { End: DomainEnd.Crash or DomainEnd.Watchdog }) => GuestState.Crashed,
        (_, { End: not null }) => GuestState.ShutDown,
        (_, { IsPaused: true }) => GuestState.Paused,
        (_, { IsBlocked: true }) => GuestState.Blocked,
        _ => GuestState.Running,
    };

    private GuestInfo Describe(GuestRecord record, CoreDomain? domain)
    {
        var info = new GuestInfo
        {
            Name = record.Config.Name,
            Domain = record.Domain,
            DomainGeneration = record.DomainGeneration,
            State = StateOf(record.Phase, domain),
            MaximumMemoryBytes = record.Config.MaximumMemoryBytes,
            Config = record.Config,
            EndDetail = record.EndDetail,
        };
        if (domain is null)
            return info;
        info.MemoryBytes = domain.MemoryBytes;
        info.CpuTimeNs = domain.CpuTime;
        if (record.Phase is GuestPhase.Exists or GuestPhase.Preserved)
            info.UptimeNs = _parts.Core.Now - record.StartedNs;
        for (uint vcpu = 0; vcpu <= domain.LastVcpu; vcpu++)
        {
            if (_parts.Core.GetVcpu(domain.Id, vcpu) is { } found)
                info.Vcpus.Add(Describe(vcpu, found));
        }

        return info;
    }

    private static VcpuInfo Describe(uint number, CoreVcpu vcpu) => new()
    {
        Vcpu = number,
        Cpu = vcpu.Cpu,
        IsOnline = vcpu.IsOnline,
        IsRunning = vcpu.IsRunning,
        IsBlocked = vcpu.IsBlocked,
        CpuTimeNs = vcpu.CpuTime,
        Affinity = { vcpu.Affinity },
    };
}
