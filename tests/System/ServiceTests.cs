using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;
using Mk.Testing;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>What services stand on: a NativeAOT program alone in a small domain, with Linux's Xen devices.</summary>
[Category(TestChoice.ServicesCategory)]
public sealed class ServiceTests : SystemTest
{
    /// <summary>Instructions until the first line, at a nanosecond each: far below the three seconds that a service may take.</summary>
    private const double LongestStart = 0.8;

    /// <summary>Instructions of a call over a ring, there and back.</summary>
    private const long MostForACall = 1_000_000;

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

    [Test]
    public async Task ServicesMeetOverTheirRingAndAgainAfterACrash()
    {
        string[] device = ["-object", "memory-backend-ram,id=link,size=1M,share=on", "-device", "ivshmem-plain,memdev=link"];
        await using Session session = Boot(
            180, 2, device,
            Probe("peers crash-once wait", "first") with
            {
                OnCrash = EndAction.Restart,
                ServiceLines = ["privilege info", "ring second 64K", "kept 16K", "device 1af4:1110 2"],
            },
            Probe("peers until-restart wait", "second"));
        await session.ReadAsync(session.Guest(0), "entry 1 with Info, guests from 3");
        await session.ReadAsync(session.Guest(0), "kept: incarnation 1");
        await session.ReadAsync(session.Guest(0), "device: 1048576 bytes: ok");
        await session.ReadAsync(session.Guest(0), "ring: done");
        await session.ReadAsync(session.Guest(0), "kept: incarnation 2");
        await session.ReadAsync(session.Guest(0), "ring: done");
        await session.ReadAsync(session.Guest(1), "ring: done");
    }

    [Test]
    public async Task ACallOverARingTakesFewInstructions()
    {
        GuestConfig[] probes =
        [
            Probe("peers wait", "first") with { ServiceLines = ["privilege info", "ring second 64K"] },
            Probe("peers answer wait", "second"),
        ];
        await using Session session = Session.Start(Host(300, 1, probes) with { Icount = 0 }, probes, Logs.New());
        Match line = await session.ReadAsync(session.Guest(0), "ring: (?<ns>[0-9]+) ns a call");
        await TestContext.Out.WriteLineAsync($"a call over a ring: {line.Groups["ns"].Value} instructions of both domains and the core");
        Assert.That(long.Parse(line.Groups["ns"].Value, CultureInfo.InvariantCulture), Is.LessThan(MostForACall));
    }

    private static GuestConfig Probe(string word = "", string name = "probe")
    {
        string kernel = ImageStore.PathOf(ServiceKernel.FileName), image = ImageStore.PathOf("service-probe.img");
        ImageStore.Ensure(kernel);
        ImageStore.Ensure(image);
        return new GuestConfig(name, kernel, image, $"{ServiceImage.CommandLine} {word}".Trim(), 96, 1);
    }
}
