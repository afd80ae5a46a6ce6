using System.Linq;
using Microkernel.XenStore.Tests.Support;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>CONTROL's commands, and the requests by which the toolstack manages domains.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ControlTests
{
    private readonly LoggingHost _host = new();
    private readonly StoreServer _server;
    private readonly TestClient _control;

    public ControlTests()
    {
        _server = new StoreServer(new Store(), new Recorder(), _host, epoch: 1);
        _server.Domains.Host = new AnyDomain();
        _control = TestClient.Control(_server);
    }

    [Test]
    public void EveryCommandThatHelpNamesIsThere()
    {
        string[] commands = Control("help").TrimEnd('\0').Split(',');
        Assert.That(commands, Is.SupersetOf(new[] { "check", "help", "live-update", "log", "memreport", "quota" }));
        foreach (string command in commands)
        {
            string error = Send(command, "no", "such", "arguments", "at", "all").Error ?? "";
            Assert.That(error, Is.EqualTo(command is "help" or "check" or "live-update" ? "" : "EINVAL"), command);
        }
    }

    [Test]
    public void WhileTheLogIsOnItHasEveryRequest()
    {
        TestClient guest = TestClient.Domain(_server, 5);
        guest.Read("/before");
        Assert.That(Control("log", "on"), Is.EqualTo("OK\0"));
        uint transaction = guest.Start();
        guest.Write("/x", "a\nb\u00ff", transaction);
        _control.Write("/y", new string('v', 1000));
        Assert.That(Control("log", "off"), Is.EqualTo("OK\0"));
        guest.Read("/after");
        Assert.That(_host.Lines.Take(3), Is.EqualTo(new[]
        {
            "socket: Control log|on|: OK", "domain 5: TransactionStart |: OK", $"domain 5: Write /x|a?b? in transaction {transaction}: EACCES",
        }));
        Assert.That(_host.Lines[3], Does.StartWith("socket: Write /y|vvv").And.EndsWith("v...: OK").And.Length.LessThan(300));
        Assert.That(_host.Lines, Has.Count.EqualTo(4));
    }

    [Test]
    public void ReportsAndLinesGoWhereTheyAreSent()
    {
        _control.Write("/a/b", "value");
        _control.Watch("/a", "token");
        Assert.That(Control("memreport"), Is.EqualTo("OK\0"));
        Assert.That(Control("memreport", "/tmp/report"), Is.EqualTo("OK\0"));
        Assert.That(_host.Reports.Keys, Is.EqualTo(new[] { "", "/tmp/report" }));
        Assert.That(_host.Reports[""], Does.StartWith("nodes: 3\n").And.Contain("watches: 1\n").And.Contain("Domain 0:\nnodes: 3/"));
        Assert.That(Control("print", "hello"), Is.EqualTo("OK\0"));
        Assert.That(_host.Lines, Is.EqualTo(new[] { "hello" }));
        Assert.That(Control("logfile", "/tmp/log"), Is.EqualTo("OK\0"));
        Assert.That(Send("logfile", "nowhere").Error, Is.EqualTo("EINVAL"));
        Assert.That(Control("quota-soft"), Is.EqualTo("\0"), "no limit only warns");
    }

    [Test]
    public void ALiveUpdateWaitsForTransactionsUnlessItIsForced()
    {
        TestClient guest = TestClient.Domain(_server, 5);
        uint transaction = guest.Start();
        Assert.That(Control("live-update", "-s", "-t", "5"), Is.EqualTo("BUSY\0"));
        Assert.That(_host.Updates, Is.Empty);
        Assert.That(Control("live-update", "-s", "-F"), Is.EqualTo("OK\0"));
        guest.End(transaction, isCommit: true);
        Assert.That(Control("live-update", "-s"), Is.EqualTo("OK\0"));
        Assert.That(_host.Updates, Is.EqualTo(new[] { "-s -F", "-s" }));
    }

    [Test]
    public void AShutDownIsToldOnceUntilTheDomainGoesOn()
    {
        _control.Send(MessageType.Introduce, "7\01\01\0");
        _control.Send(MessageType.Watch, "@releaseDomain\0all\01\0");
        _control.Watch("@releaseDomain/7", "seven");
        _control.TakeEvents();
        ShutDown();
        Assert.That(_control.TakeEvents(), Is.EqualTo(new[] { ("@releaseDomain/7", "all"), ("@releaseDomain/7", "seven") }));
        ShutDown();
        Assert.That(_control.TakeEvents(), Is.Empty);
        Assert.That(_control.Send(MessageType.Resume, "7\0"), Is.EqualTo(Answer.Ok));
        ShutDown();
        Assert.That(_control.TakeEvents(), Has.Count.EqualTo(2));
        Assert.That(_control.Send(MessageType.Release, "7\0"), Is.EqualTo(Answer.Ok));
        Assert.That(_control.TakeEvents(), Has.Count.EqualTo(2), "that it is gone is told in any case");
        Assert.That(_control.Send(MessageType.Resume, "7\0").Error, Is.EqualTo("ENOENT"));
    }

    [Test]
    public void FeaturesAreSetBeforeADomainIsIntroduced()
    {
        Assert.That(_control.Send(MessageType.GetFeature, "7\0").Error, Is.EqualTo("ENOENT"));
        Assert.That(_control.Send(MessageType.SetFeature, "7\08\0").Error, Is.EqualTo("EINVAL"), "no such feature");
        Assert.That(_control.Send(MessageType.SetFeature, "7\05\0"), Is.EqualTo(Answer.Ok));
        Assert.That(_control.Send(MessageType.GetFeature, "7\0").Text, Is.EqualTo("5\0"));
        _control.Send(MessageType.Introduce, "7\01\01\0");
        Assert.That(_control.Send(MessageType.SetFeature, "7\01\0").Error, Is.EqualTo("EBUSY"));
        Assert.That(_server.Domains.Find(7)!.Features, Is.EqualTo(5));
    }

    [Test]
    public void ADomainActsForItsTarget()
    {
        _control.Write("/of6", "");
        _control.SetPermissions("/of6", "n6");
        Assert.That(_control.Send(MessageType.SetTarget, "5\06\0").Error, Is.EqualTo("ENOENT"), "not introduced");
        _control.Send(MessageType.Introduce, "5\01\01\0");
        _control.Send(MessageType.Introduce, "6\01\01\0");
        var helper = new TestClient(_server, _server.Domains.Find(5)!.Client!);
        Assert.That(helper.Write("/of6/x", "1").Error, Is.EqualTo("EACCES"));
        Assert.That(_control.Send(MessageType.SetTarget, "5\06\0"), Is.EqualTo(Answer.Ok));
        Assert.That(helper.Write("/of6/x", "1"), Is.EqualTo(Answer.Ok));
    }

    private void ShutDown()
    {
        _server.Domains.ShutDown(7);
        _server.EndBatch();
    }

    private Answer Send(params string[] words) => _control.Send(MessageType.Control, string.Concat(words.Select(static w => w + "\0")));

    private string Control(params string[] words)
    {
        Answer answer = Send(words);
        Assert.That(answer.Error, Is.Null, string.Join(' ', words));
        return answer.Text;
    }
}
