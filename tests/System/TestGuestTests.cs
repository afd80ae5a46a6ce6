using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>The guests of tests/guests call the ABI and check every answer themselves; here they are run and believed.</summary>
public sealed class TestGuestTests : SystemTest
{
    /// <summary>Guests that misbehave or measure; other tests use them.</summary>
    private static readonly string[] NoChecks = ["bench", "spin", "flood", "reboot", "crash", "fuzz"];

    private static IEnumerable<string> Names =>
        Directory.GetFiles(Repository.InRoot("tests/guests"), "*.c").Select(static f => Path.GetFileNameWithoutExtension(f))
            .Where(static name => !NoChecks.Any(name.StartsWith)).Order();

    private static IEnumerable<string> SingleGuests => Names.Where(static n => !n.StartsWith("pair")).SelectMany(static n => new[] { n + "64", n + "32" });

    private static IEnumerable<string[]> Pairs =>
        Names.Where(static n => n.StartsWith("pair")).SelectMany(static n => new[] { new[] { n + "64", n + "64" }, [n + "32", n + "64"] });

    [TestCaseSource(nameof(SingleGuests))]
    public async Task EveryAnswerIsAsTheAbiSays(string image)
    {
        await using Session session = Boot(180, 2, TestGuest(image, "domid=1", vcpus: 3, grantV2: image.StartsWith("granttwo", StringComparison.Ordinal)));
        await AssertAllPassed(session, image);
    }

    // The shared info page has room for 32 vCPUs; the others bring their own.
    [TestCase("manycpus64")]
    [TestCase("manycpus32")]
    public async Task AGuestRunsPastThe32ndVcpu(string image)
    {
        await using Session session = Boot(180, 2, TestGuest(image, "domid=1", vcpus: 40));
        await AssertAllPassed(session, image);
    }

    [TestCaseSource(nameof(Pairs))]
    public async Task TwoDomainsFindEachOthersActionsAsTheAbiSays(string server, string client)
    {
        await using Session session = Boot(
            180, 2,
            TestGuest(server, "role=server domid=1 peer=2", "server", vcpus: 3), TestGuest(client, "role=client domid=2 peer=1", "client", vcpus: 3));
        await AssertAllPassed(session, server, client);
    }

    [TestCase("service64", "service32")]
    [TestCase("service32", "service64")]
    public async Task ServicesGetWhatTheManifestGivesThemAndNobodyElse(string first, string second)
    {
        string[] device = ["-object", "memory-backend-ram,id=link,size=1M,share=on", "-device", "ivshmem-plain,memdev=link"];
        await using Session session = Boot(
            180, 2, device,
            TestGuest(first, "role=first domid=1", "first") with
            {
                ServiceLines = ["privilege build info log", "ring second 64K", "kept 16K", "device 1af4:1110 2"],
            },
            TestGuest(second, "role=second domid=2", "second"), TestGuest(second, "domid=3", "third"));
        await AssertAllPassed(session, first, second, second);
    }

    private static async Task AssertAllPassed(Session session, params string[] images)
    {
        RunResult result = await session.Completion;
        for (int guest = 0; guest < images.Length; guest++)
        {
            string output = session.Guest(guest).ToString();
            Assert.That(output.Split('\n').Where(static line => line.StartsWith("FAIL ")), Is.Empty);
            Assert.That(output, Does.Match(@$"(?m)^guest-test {images[guest][..^2]}: [1-9]\d* passed, 0 failed\r?$"), result.ToString());
        }
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
    }
}
