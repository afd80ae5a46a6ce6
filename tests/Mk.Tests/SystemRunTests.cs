using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Control;
using Mk.Machine;
using Mk.Terminal;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary><c>mk run</c> through a whole system, with a stand-in for QEMU and its services.</summary>
public sealed class SystemRunTests
{
    private readonly StringBuilder _told = new();
    private string _folder = "";

    [SetUp]
    public void CreateFolder()
    {
        _folder = Directory.CreateTempSubdirectory("mk-test-").FullName;
        File.WriteAllBytes(Path.Combine(_folder, "kernel"), RandomNumberGenerator.GetBytes(100_000));
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private GuestConfig Guest(string name, string kernel = "kernel") => new(name, Path.Combine(_folder, kernel), null, "", 64, 1);

    private async Task<(RunResult Result, string Output)> Run(string script, GuestConfig[] guests, Func<SystemRun, Func<string, Task>, Task> use)
    {
        using var folder = new RunFolder();
        using var output = new MemoryStream();
        using var screen = new RunScreen(Array.ConvertAll(guests, static g => g.Name), output, null, raw: false, Path.Combine(_folder, "log"));
        var options = new MachineOptions { Qemu = MkCommand.FakeQemu, ExtraArguments = ["-fake", script], TimeLimit = TimeSpan.FromSeconds(60) };
        await using SystemHost host = SystemHost.Start(options, new BootSet("", []), folder, new SystemRunOutput(screen), static _ => { });
        using var run = new SystemRun(host, guests, screen);
        Task<RunResult> result = run.RunAsync(text => _told.AppendLine(text));
        async Task Until(string text)
        {
            while (!result.IsCompleted && !Encoding.ASCII.GetString(output.ToArray()).Contains(text, StringComparison.Ordinal))
                await Task.Delay(10);
        }
        await use(run, Until);
        return (await result, Encoding.ASCII.GetString(output.ToArray()));
    }

    /// <summary>Keys for a guest that does not run yet go nowhere: they are typed until they are echoed.</summary>
    private static async Task Type(SystemRun run, int guest, string keys, Func<string, Task> until)
    {
        Task echoed = until(keys.TrimEnd());
        while (!echoed.IsCompleted)
        {
            await run.TypeAsync(guest, Encoding.ASCII.GetBytes(keys));
            await Task.WhenAny(echoed, Task.Delay(200));
        }
    }

    [Test, CancelAfter(120_000)]
    public async Task ARunEndsWithItsGuestAfterItsRestarts(CancellationToken cancel)
    {
        (RunResult result, string output) = await Run("services", [Guest("a")], static async (run, until) =>
        {
            await Type(run, 0, "reboot\n", until);
            await Type(run, 0, "poweroff\n", until);
        });
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.Success, "a: poweroff: by itself")));
        Assert.That(output, Does.Contain("reboot\n").And.Contain("poweroff\n"));
        Assert.That(_told.ToString(), Does.Contain("toolstack: answers"));
    }

    [Test, CancelAfter(120_000)]
    public async Task ACrashIsCode2AndTheRunWaitsForAllGuests(CancellationToken cancel)
    {
        (RunResult result, string output) = await Run("guest \\eA1.0 info xenstore starts\\n | services", [Guest("a"), Guest("b")], static async (run, until) =>
        {
            await Type(run, 1, "crash\n", until);
            await Type(run, 0, "poweroff\n", until);
        });
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.GuestCrashed, "a: poweroff: by itself\nb: crash: by itself")));
        Assert.That(output, Does.Contain("[a] poweroff").And.Contain("[b] crash").And.Not.Contain("xenstore"));
        Assert.That(File.ReadAllText(Path.Combine(_folder, "log")), Does.Contain("[xenstore] 1.0 info xenstore starts"));
    }

    [Test, CancelAfter(120_000)]
    public async Task AGuestThatCannotBeCreatedEndsTheRun(CancellationToken cancel)
    {
        (RunResult result, _) = await Run("services", [Guest("a", "missing")], static (_, _) => Task.CompletedTask);
        Assert.That(result.Code, Is.EqualTo(ExitCode.Usage));
        Assert.That(result.Reason, Does.Contain("missing cannot be read"));
    }

    [Test, CancelAfter(120_000)]
    public async Task APanicEndsTheRun(CancellationToken cancel)
    {
        (RunResult result, _) = await Run("services | sleep 500 | core (core) PANIC: bad\\n(core) END PANIC\\n", [Guest("a")], static (_, _) => Task.CompletedTask);
        Assert.That(result, Is.EqualTo(new RunResult(ExitCode.CorePanicked, "(core) PANIC: bad")));
    }
}
