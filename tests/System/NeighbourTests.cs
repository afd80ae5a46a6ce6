using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>Several guests at once: they share the CPUs, and one that misbehaves does not stop the others.</summary>
public sealed class NeighbourTests : SystemTest
{
    [Test]
    public async Task FourLinuxGuestsBootAndPowerOffSideBySide()
    {
        GuestConfig[] guests = [.. Enumerable.Range(1, 4).Select(static n => Linux(n % 2 == 0 ? "debian-6.12-cloud" : "debian-6.1-cloud", 1, 192, $"linux{n}"))];
        await using Session session = Boot(240, 2, guests);
        await Task.WhenAll(Enumerable.Range(0, guests.Length).Select(async guest =>
        {
            Shell shell = await Shell.OpenAsync(session, guest);
            await shell.RunAsync("true");
            await shell.TypeLineAsync("poweroff");
        }));
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        Assert.That(result.Reason.Split('\n'), Has.Length.EqualTo(4));
    }

    [TestCase("spin64")]
    [TestCase("flood64")]
    [TestCase("reboot64")]
    public async Task AMisbehavingNeighbourDoesNotStopALinuxGuest(string neighbour)
    {
        Assert.That(System.IO.File.Exists(TestGuests.PathOf(neighbour + ".elf")), $"{neighbour} is missing");
        GuestConfig[] guests = [Linux(vcpus: 2), TestGuest(neighbour, "domid=2 peer=1", vcpus: 2)];
        await using Session session = Boot(240, 2, guests);
        Shell shell = await Shell.OpenAsync(session);
        Assert.That(await shell.RunAsync("sleep 2; nproc"), Is.EqualTo("2\n"));
        await shell.TypeLineAsync("poweroff");
        await session.ReadAsync(session.Core, "\"linux\" ended: poweroff");
        session.Stop("the neighbour would go on for ever");
        Assert.That((await session.Completion).Code, Is.EqualTo(ExitCode.Interrupted));
    }
}
