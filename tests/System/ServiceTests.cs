using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>What services stand on: a NativeAOT program alone in a small domain, with Linux's Xen devices.</summary>
public sealed class ServiceTests : SystemTest
{
    /// <summary>Instructions until the first line, at a nanosecond each: far below the three seconds that a service may take.</summary>
    private const double LongestStart = 0.8;

    [Test]
    public async Task FindsWhatItStandsOnAndEndsInOrder()
    {
        await using Session session = Boot(120, 1, Probe());
        await session.ReadAsync(session.Guest(0), "info all checks done");
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        Assert.That(result.Reason, Does.Contain("poweroff"));
    }

    [TestCase("crash", "crash")]
    [TestCase("exit", "crash")]
    [TestCase("hang", "watchdog")]
    public async Task ItsFailureIsTheDomains(string word, string cause)
    {
        await using Session session = Boot(120, 1, Probe(word));
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.GuestCrashed), result.Reason);
        Assert.That(result.Reason, Does.Contain(cause));
        string line = word switch
        {
            "crash" => "error crash: System.IO.InvalidDataException: crash on purpose",
            "hang" => "error the service does not answer its watchdog",
            _ => "info all checks done",
        };
        Assert.That(session.Guest(0).ToString(), Does.Contain(line));
    }

    [Test]
    public async Task StartsWithFewInstructions()
    {
        GuestConfig probe = Probe();
        await using Session session = Session.Start(Host(240, 1, [probe]) with { Icount = 0 }, [probe], Logs.New());
        Match line = await session.ReadAsync(session.Guest(0), @"(?<seconds>[0-9.]+) info service-probe starts");
        Assert.That(double.Parse(line.Groups["seconds"].Value, CultureInfo.InvariantCulture), Is.LessThan(LongestStart));
    }

    private static GuestConfig Probe(string word = "")
    {
        string kernel = ImageStore.PathOf(ServiceImage.Kernel), image = ImageStore.PathOf("service-probe.img");
        ImageStore.Ensure(kernel);
        ImageStore.Ensure(image);
        return new GuestConfig("probe", kernel, image, $"{ServiceImage.CommandLine} {word}".Trim(), 96, 1);
    }
}
