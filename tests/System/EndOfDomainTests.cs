using System.Threading.Tasks;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>However a domain ends, the core names the cause, and the run's exit code follows from it.</summary>
public sealed class EndOfDomainTests : SystemTest
{
    [TestCase("triple", "crash", ExitCode.GuestCrashed)]
    [TestCase("crash", "crash", ExitCode.GuestCrashed)]
    [TestCase("watchdog", "watchdog", ExitCode.GuestCrashed)]
    [TestCase("poweroff", "poweroff", ExitCode.Success)]
    [TestCase("suspend", "suspend", ExitCode.Success)]
    [TestCase("down", "poweroff", ExitCode.Success)]
    [TestCase("halt", "poweroff", ExitCode.Success)]
    public async Task TheCauseIsNamed(string how, string cause, ExitCode code)
    {
        await using Session session = Boot(60, 2, TestGuest("crash64", "how=" + how, "guest"));
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(code), result.Reason);
        Assert.That(result.Reason, Does.StartWith("guest: " + cause));
    }

    [Test]
    public async Task EveryFrameOfAnEndedDomainIsFreeForTheNext()
    {
        // Each start takes most of the host's memory: a frame that is lost or not yet back would end the loop.
        var guest = TestGuest("reboot64", "", "loop", memoryMiB: 512);
        await using Session session = Boot(120, 1, guest);
        for (int start = 0; start < 10; start++)
            await session.ReadAsync(session.Core, "\"loop\" restarting");
        Assert.That(session.Completion.IsCompleted, Is.False);
    }
}
