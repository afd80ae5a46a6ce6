using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>A domain that may build others does so: copies of itself, which run and are paused, ended and destroyed again and again.</summary>
public sealed class DomainControlTests : SystemTest
{
    // How many domains the guest makes and starts, and how many more it makes and throws away.
    private const int Started = 24, ThrownAway = 3;

    [TestCase("domctl64")]
    [TestCase("domctl32")]
    public async Task DomainsComeAndGo(string image)
    {
        GuestConfig builder = TestGuest(image, "role=builder object=1 domid=1") with { ServiceLines = ["privilege build control info events"] };
        MachineOptions host = Host(180, 2, [builder]) with { CoreOptions = ["audit=on"] };
        await using Session session = Session.Start(host, [builder], Logs.New());
        RunResult result = await session.Completion;
        string output = session.Guest(0).ToString();
        Assert.That(output.Split('\n').Where(static line => line.StartsWith("FAIL ")), Is.Empty);
        Assert.That(output, Does.Match(@"(?m)^guest-test domctl: [1-9]\d* passed, 0 failed\r?$"), result.ToString());
        string[] log = session.Core.ToString().Split('\n');
        Assert.That(log.Count(static line => line.Contains("\"guest\" started")), Is.EqualTo(Started));
        Assert.That(log.Where(static line => line.Contains("audit:")), Has.All.Contain("clean").And.Length.GreaterThan(Started + ThrownAway));
    }

    [TestCase("domctl64", 1)]
    [TestCase("domctl32", 2)]
    public async Task ManyCallsAtOnceOnTheSameDomainsHarmNobody(string image, int seed)
    {
        GuestConfig builder = TestGuest(image, $"role=stress object=1 domid=1 seed={seed}", vcpus: 3) with
        {
            ServiceLines = ["privilege build control info events"],
        };
        MachineOptions host = Host(240, 3, [builder]) with { CoreOptions = ["audit=on"] };
        await using Session session = Session.Start(host, [builder], Logs.New());
        RunResult result = await session.Completion;
        string output = session.Guest(0).ToString();
        Assert.That(output.Split('\n').Where(static line => line.StartsWith("FAIL ")), Is.Empty);
        Assert.That(output, Does.Match(@"(?m)^guest-test domctl: [1-9]\d* passed, 0 failed\r?$"), result.ToString());
        Assert.That(session.Core.ToString().Split('\n').Where(static line => line.Contains("audit:")), Is.Not.Empty.And.All.Contain("clean"));
    }
}
