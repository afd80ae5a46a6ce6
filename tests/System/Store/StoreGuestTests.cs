using System;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.SystemTests.Store;

/// <summary>The store as a guest's Linux and Debian's programs in it use it, and as the operator sees the same tree.</summary>
[Category(TestChoice.ServicesCategory)]
public sealed class StoreGuestTests
{
    [Test]
    public void AGuestsProgramsAndDriversShareTheTreeWithTheOperator()
    {
        using var system = new StoreSystem();
        (string home, GuestShell shell) = system.Create("user");
        using GuestShell guest = shell;
        ReadAndWrite(system, home, guest);
        Watch(system, home, guest);
        ConnectDevice(system, home, guest);
        Assert.That(system.Mk("xenstore", "stats"), Does.Match($"\n *{home["/local/domain/".Length..]} yes "));
    }

    private static void ReadAndWrite(StoreSystem system, string home, GuestShell guest)
    {
        Assert.That(guest.Ok("xenstore-read name"), Is.EqualTo("user\n"));
        guest.Ok("xenstore-write data/a from-guest data/b 2");
        Assert.That(system.Mk("xenstore", "read", home + "/data/a"), Is.EqualTo("from-guest\n"));
        system.Mk("xenstore", "write", home + "/data/a", "from-operator");
        Assert.That(guest.Ok("xenstore-read data/a data/b"), Is.EqualTo("from-operator\n2\n"));
        Assert.That(guest.Ok("xenstore-list data"), Is.EqualTo("a\nb\n"));
        Assert.That(guest.Ok($"xenstore-ls -f {home}/data"), Is.EqualTo($"{home}/data/a = \"from-operator\"\n{home}/data/b = \"2\"\n"));
        Assert.That(guest.Run("xenstore-exists data/none").Code, Is.EqualTo(1));
        Assert.That(guest.Run("xenstore-write name another").Code, Is.EqualTo(1), "a guest does not name itself");
        Assert.That(guest.Run("xenstore-ls /local/domain/0").Code, Is.EqualTo(1), "others' nodes are not its business");
        guest.Ok($"xenstore-chmod data/a n{home["/local/domain/".Length..]} r0");
        Assert.That(system.Mk("xenstore", "ls", "-fp", home + "/data"), Does.Contain("/data/a = \"from-operator\"   (n").And.Contain(",r0)"));
        guest.Ok("xenstore-rm data/b");
        Assert.That(system.Mk("xenstore", "list", home + "/data"), Is.EqualTo("a\n"));
    }

    private static void Watch(StoreSystem system, string home, GuestShell guest)
    {
        guest.Ok("xenstore-watch -n 3 data/w >/tmp/watched & sleep 1");
        guest.Until("cat /tmp/watched", static text => text == "data/w\n");
        system.Mk("xenstore", "write", home + "/data/w", "1");
        guest.Until("cat /tmp/watched", static text => text == "data/w\ndata/w\n");
        system.Mk("xenstore", "write", home + "/data/w/below", "2");
        guest.Until("cat /tmp/watched", static text => text == "data/w\ndata/w\ndata/w/below\n");
    }

    /// <summary>What a toolstack and a back end would do for a disk, as far as the guest's xenbus takes part.</summary>
    private static void ConnectDevice(StoreSystem system, string home, GuestShell guest)
    {
        string domain = home["/local/domain/".Length..];
        string front = home + "/device/vbd/51712", back = $"/local/domain/0/backend/vbd/{domain}/51712";
        guest.Ok("xenstore-watch device/vbd/51712/state >/tmp/states & sleep 1");
        system.Mk("xenstore", "write", back + "/frontend", front, back + "/state", "1",
            front + "/backend", back, front + "/backend-id", "0", front + "/virtual-device", "51712", front + "/state", "1");
        system.Mk("xenstore", "chmod", "-r", front, "n" + domain, "r0");
        guest.Until("cat /sys/bus/xen/devices/vbd-51712/nodename", static text => text.Trim() == "device/vbd/51712");
        Assert.That(guest.Ok("cat /sys/bus/xen/devices/vbd-51712/devtype").Trim(), Is.EqualTo("vbd"));
        foreach (string state in new[] { "3", "4" })
        {
            int seen = guest.Ok("cat /tmp/states").Split('\n').Length;
            system.Mk("xenstore", "write", front + "/state", state);
            guest.Until("cat /tmp/states", text => text.Split('\n').Length > seen);
            Assert.That(guest.Ok("xenstore-read device/vbd/51712/state").Trim(), Is.EqualTo(state));
        }
        system.Mk("xenstore", "rm", front);
        guest.Until("ls /sys/bus/xen/devices", static text => !text.Contains("vbd-51712", StringComparison.Ordinal));
    }
}
