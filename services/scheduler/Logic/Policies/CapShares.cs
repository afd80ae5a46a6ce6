using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Divides a domain's cap among its vCPUs: who wanted little in the last epoch gets a little more than that, at least a tenth of an equal part,
/// and those that want more share the rest. Together they never have more than the cap.
/// </summary>
public static class CapShares
{
    private const double LeastOfEqual = 0.1;
    private const double Growth = 1.25;
    private const double Steps = 200;

    /// <summary>The most of a CPU that each vCPU of a domain may have, 1 for all of it; nothing for a domain without a cap.</summary>
    public static Dictionary<VcpuKey, double> Of(DomainView domain, ulong elapsedNs)
    {
        Dictionary<VcpuKey, double> shares = [];
        if (domain.Settings.Cap == 0)
            return shares;
        List<VcpuView> users = [.. domain.Users.OrderBy(static v => v.RanNs + v.WaitedNs).ThenBy(static v => v.Key)];
        double left = domain.Settings.Cap / 100.0, least = left / users.Count * LeastOfEqual;
        for (int i = 0; i < users.Count; i++)
        {
            double fair = left / (users.Count - i);
            double wanted = elapsedNs == 0 ? 1 : (double)(users[i].RanNs + users[i].WaitedNs) / elapsedNs * Growth;
            // In steps, so that not every epoch changes something. The last one takes what is left.
            double share = i == users.Count - 1 ? fair : Math.Min(fair, Math.Max(least, Math.Floor(wanted * Steps) / Steps));
            shares[users[i].Key] = Math.Min(1, share);
            left -= Math.Min(1, share);
        }

        foreach (VcpuView vcpu in domain.Vcpus)
            shares.TryAdd(vcpu.Key, least);
        return shares;
    }
}
