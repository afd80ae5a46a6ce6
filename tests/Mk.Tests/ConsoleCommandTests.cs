using System.Collections.Concurrent;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class ConsoleCommandTests : SystemFixture
{
    private static async Task Until(System.Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5);
    }

    [Test, CancelAfter(60_000)]
    public async Task ScrollbackComesFirstThenWhatIsTypedAndCtrlBracketLeaves(CancellationToken cancel)
    {
        Guest("web");
        Fake.Consoles[6] = "login: ";
        using Process console = MkCommand.Start("console", "web");
        var seen = new StringBuilder();
        while (!seen.ToString().EndsWith("login: ", System.StringComparison.Ordinal))
            seen.Append((char)console.StandardOutput.Read());
        await console.StandardInput.WriteAsync("root and more\x1dx");
        await console.StandardInput.FlushAsync(cancel);
        await console.WaitForExitAsync(cancel);
        Assert.That(console.ExitCode, Is.Zero);
        Assert.That(Fake.Typed, Is.EqualTo("root and more"), "also what there was no room for at first");
        Assert.That(await console.StandardError.ReadToEndAsync(cancel), Does.Contain("left web, which goes on"));
    }

    [Test, CancelAfter(60_000)]
    public async Task TheEndOfTheGuestEndsTheConsole(CancellationToken cancel)
    {
        Guest("web");
        Fake.Consoles[6] = "going down, bye";
        (int code, string output, string errors) = await MkCommand.RunProcessAsync("", "console", "web");
        Assert.That((code, output), Is.EqualTo((0, "going down, bye\n")));
        Assert.That(errors, Does.Contain("the console of web has ended"));
    }

    [Test, CancelAfter(60_000)]
    public async Task ABrokenConnectionGoesOnWhereItWas(CancellationToken cancel)
    {
        Guest("web");
        Fake.Consoles[6] = "one ";
        Fail("Attach", StatusCode.Unavailable, "qemu-dm is being restarted", times: 2);
        using var system = SystemConnection.Open(cancel);
        var output = new ConcurrentQueue<byte>();
        var session = new ConsoleSession(system, 6, bytes => bytes.ToArray().ToList().ForEach(output.Enqueue));
        Task reading = session.ReadAsync(cancel);
        await Until(() => output.Count == 4);
        lock (Fake.Lock)
            Fake.Consoles[6] += "two bye";
        await reading;
        Assert.That(Encoding.ASCII.GetString([.. output]), Is.EqualTo("one two bye"));
        Assert.That(Fake.Calls.Count(static c => c == "Attach"), Is.EqualTo(3));
    }

    [Test, CancelAfter(60_000)]
    public async Task KeysWaitForAGuestThatDoesNotTakeThem(CancellationToken cancel)
    {
        Guest("web");
        Fail("Write", StatusCode.ResourceExhausted, "full", times: 3);
        using var system = SystemConnection.Open(cancel);
        await new ConsoleSession(system, 6, static _ => { }).TypeAsync("ls\n"u8.ToArray(), cancel);
        Assert.That(Fake.Typed, Is.EqualTo("ls\n"));
    }
}
