using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>What a policy sets is what guests get: the guest `policy` sets and measures it, in virtual time on one CPU.</summary>
public sealed class DispatchTests : SystemTest
{
    // 32 nanoseconds for an instruction: a second of virtual time is soon over.
    private const int Icount = 5;

    [TestCase("policy64")]
    [TestCase("policy32")]
    public async Task SharesCapsBudgetsAndSlotsAreKept(string image)
    {
        GuestConfig[] guests =
        [
            TestGuest(image, "role=policy domid=1 seconds=4", "policy", vcpus: 1) with { ServiceLines = ["privilege control info"] },
            .. Enumerable.Range(2, 3).Select(id => TestGuest(image, $"role=load domid={id}", $"load{id}", vcpus: 1)),
        ];
        await using Session session = Session.Start(Host(300, 1, guests) with { Icount = Icount }, guests, Logs.New());
        RunResult result = await session.Completion;
        string output = session.Guest(0).ToString();
        TestContext.Out.WriteLine(string.Join('\n', output.Split('\n').Where(static line => line.StartsWith("share "))));
        Assert.That(output.Split('\n').Where(static line => line.StartsWith("FAIL ")), Is.Empty);
        Assert.That(output, Does.Match(@"(?m)^guest-test policy: [1-9]\d* passed, 0 failed\r?$"), result.ToString());
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
    }
}
