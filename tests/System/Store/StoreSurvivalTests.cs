using System;
using System.Globalization;
using System.Text.Json;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.SystemTests.Store;

/// <summary>The store's domain is killed while a guest uses it: 2 times, or as many as XENSTORE_KILLS says.</summary>
[Category(TestChoice.ServicesCategory)]
public sealed class StoreSurvivalTests
{
    private static readonly int Kills = LongRuns.Read("XENSTORE_KILLS", 2);

    /// <summary>Writes rising numbers, and reads each one back.</summary>
    private const string Load = "i=0; while :; do i=$((i+1)); xenstore-write data/n $i || echo failed to write $i >>/tmp/faults; "
        + "r=$(xenstore-read data/n); [ \"$r\" = $i ] || echo wrote $i, read $r >>/tmp/faults; echo $i >/tmp/new; mv /tmp/new /tmp/n; done";

    [Test]
    public void AGuestNoticesADelayOnly()
    {
        using var system = new StoreSystem();
        (string home, GuestShell shell) = system.Create("user");
        using GuestShell guest = shell;
        guest.Ok($"touch /tmp/faults; xenstore-watch data/w >/tmp/watched & sh -c '{Load.Replace("'", "'\\''", StringComparison.Ordinal)}' >/dev/null 2>>/tmp/faults & sleep 1");
        guest.Until("cat /tmp/watched", static text => text == "data/w\n");
        for (int kill = 1; kill <= Kills; kill++)
            KillOnce(system, home, guest, kill);
        Assert.That(guest.Ok("cat /tmp/faults"), Is.Empty);
        string log = system.Mk("service", "log", "xenstore");
        Assert.That(log, Does.Not.Contain("DAMAGED").And.Not.Contain("not where the journal has it"));
    }

    private static void KillOnce(StoreSystem system, string home, GuestShell guest, int kill)
    {
        int Done() => int.Parse(guest.Ok("cat /tmp/n 2>/dev/null || echo 0"), CultureInfo.InvariantCulture);
        int before = Done();
        system.Mk("xenstore", "write", home + "/data/kept", kill.ToString(CultureInfo.InvariantCulture));
        system.Mk("service", "kill", "xenstore");
        Assert.That(system.Mk("xenstore", "read", home + "/data/kept").Trim(), Is.EqualTo(kill.ToString(CultureInfo.InvariantCulture)));
        system.Mk("xenstore", "write", home + "/data/w", kill.ToString(CultureInfo.InvariantCulture));
        guest.Until("grep -c data/w /tmp/watched", text => int.Parse(text, CultureInfo.InvariantCulture) == kill + 1);
        guest.Until("cat /tmp/n", text => int.Parse(text, CultureInfo.InvariantCulture) > before + 1);
        TestContext.Progress.WriteLine($"kill {kill}: restarts {Restarts(system)}, the guest went on from {before} to {Done()}");
        Assert.That(Restarts(system), Is.EqualTo(kill));
    }

    private static int Restarts(StoreSystem system)
    {
        foreach (JsonElement service in JsonDocument.Parse(system.Mk("service", "list", "--json")).RootElement.EnumerateArray())
        {
            if (service.GetProperty("name").GetString() == "xenstore")
                return service.GetProperty("restarts").GetInt32();
        }
        throw new InvalidOperationException("there is no service xenstore");
    }
}
