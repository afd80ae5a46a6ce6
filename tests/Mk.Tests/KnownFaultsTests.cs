using Mk.Testing;
using NUnit.Framework;

namespace Mk.Tests;

[TestFixture]
public sealed class KnownFaultsTests
{
    [TestCase("Code = CorePanicked, Reason = the machine reset itself without a word from the core (a triple fault?)", true)]
    [TestCase("[linux] RIP: 0010:ENTRY_TRAMPOLINE+0x0", false)]
    [TestCase("domain 1 \"linux\" ended: crash: triple fault, vcpu 0 rip 1234", true)]
    [TestCase("(core) PANIC: page fault", false)]
    [TestCase("FAIL timer.c:10 ticks >= 10 got 3 want 10", false)]
    public void OnlyWhatQemuIsKnownForIsRunAgain(string detail, bool isKnown) =>
        Assert.That(KnownFaults.IsOne(new TestFailure("Test", "Failed", detail)), Is.EqualTo(isKnown));

    [Test]
    public void OtherFailuresStayAsTheyAre()
    {
        TestFailure failure = new("Test", "Failed", "(core) PANIC: page fault");
        TrxResults results = KnownFaults.RunAgain(new TestProject("tests/System/None.csproj"), new TrxResults(3, [failure]), static _ => { });
        Assert.That(results.Passed, Is.EqualTo(3));
        Assert.That(results.Failures, Is.EqualTo(new[] { failure }));
    }
}
