using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Control;
using Mk.Terminal;
using Mk.Xl;

namespace Mk.Commands;

/// <summary><c>mk create</c>: a guest from a file in xl.cfg syntax.</summary>
public sealed class CreateCommand
{
    private readonly Argument<string> _file = new("FILE.cfg") { Description = "A guest in xl.cfg syntax" };
    private readonly Argument<string[]> _words = new("KEY=VALUE") { Description = "Settings that count more than the file's, such as name=b memory=256", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _paused = new("--paused", "-p") { Description = "Leave it paused after it is built" };
    private readonly Option<bool> _console = new("--console", "-c") { Description = "Attach to its console" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Do not show the progress" };
    private readonly Option<bool> _dryRun = new("--dryrun", "-n") { Description = "Only check the file and show what it comes to" };
    private readonly Option<bool> _json = SystemCommand.JsonOption();

    private CreateCommand(Command command)
    {
        command.Add(_file);
        command.Add(_words);
        foreach (Option option in new Option[] { _paused, _console, _quiet, _dryRun, _json })
            command.Add(option);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("create", "Create a guest from a file in xl.cfg syntax and start it. Its kernel and ramdisk are uploaded if the system does not have them yet.");
        _ = new CreateCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        GuestConfig guest = GuestFiles.Read([parsed.GetValue(_file)!], GuestScope.System, parsed.GetValue(_words)!).Single();
        if (parsed.GetValue(_dryRun))
        {
            Json.Print(Describe(guest));
            return (int)ExitCode.Success;
        }
        using var interrupted = new CancellationTokenSource();
        return await SystemCommand.RunAsync(interrupted.Token, system => CreateAsync(parsed, guest, system, interrupted));
    }

    private async Task CreateAsync(ParseResult parsed, GuestConfig guest, SystemConnection system, CancellationTokenSource interrupted)
    {
        long start = Stopwatch.GetTimestamp();
        bool isQuiet = parsed.GetValue(_quiet);
        uint domain;
        // An interrupted build ends in order: nothing of the guest is left.
        using (new Signals(_ => interrupted.Cancel()))
            domain = await ProgressScreen.RunAsync(isQuiet, progress => new GuestCreation(system, progress).RunAsync(guest, parsed.GetValue(_paused)));
        if (!isQuiet)
            Say.Line(string.Create(CultureInfo.InvariantCulture, $"created {guest.Name}, domain {domain} ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)"));
        if (parsed.GetValue(_json))
            Json.Print(new { guest.Name, Domain = domain });
        if (parsed.GetValue(_console))
            await ConsoleCommand.AttachAsync(system, guest.Name);
    }

    private static object Describe(GuestConfig guest) => new
    {
        guest.Name,
        Kernel = guest.KernelPath,
        Ramdisk = guest.RamdiskPath,
        guest.CommandLine,
        MemoryMib = guest.MemoryMiB,
        MaximumMemoryMib = guest.MaximumMemoryMiB,
        guest.Vcpus,
        guest.MaximumVcpus,
        OnPoweroff = guest.OnPoweroff.ToString().ToLowerInvariant(),
        OnReboot = guest.OnReboot.ToString().ToLowerInvariant(),
        OnCrash = guest.OnCrash.ToString().ToLowerInvariant(),
        guest.Uuid,
        guest.CpuWeight,
        guest.CpuCap,
        Cpus = SchedText.Mask(guest.CpuPin),
        Pool = guest.CpuPool.Length > 0 ? guest.CpuPool : "default",
    };
}
