using System;
using System.CommandLine;
using System.CommandLine.Invocation;
using System.Threading.Tasks;
using Mk.Commands;

namespace Mk;

/// <summary>The operator's and developer's command.</summary>
public static class Program
{
    /// <summary>Runs one command.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> Main(string[] arguments)
    {
        var root = new RootCommand(
            "Builds, runs, tests and measures the microkernel.\n\n"
            + "Exit codes: 0 done, or all guests ended by themselves, 1 wrong command line or configuration, or refused by the\n"
            + "system, 2 a guest crashed or a test or limit failed, 3 the core panicked, 4 a time limit ran out, 5 QEMU failed,\n"
            + "6 no system is running or it does not answer, 130 ended by the operator.")
        {
            RunCommand.Create(),
            BuildCommand.Create(),
            ImagesCommand.Create(),
            TestCommand.Create(),
            SizesCommand.Create(),
            BenchCommand.Create(),
            BootsCommand.Create(),
            FuzzCommand.Create(),
            IsoCommand.Create(),
            CleanCommand.Create(),
            UpCommand.Create(),
            DownCommand.Create(),
            DaemonCommand.Create(),
            CreateCommand.Create(),
            ListCommand.Create(),
            InfoCommand.Create(),
            ConsoleCommand.Create(),
            PauseCommand.CreatePause(),
            PauseCommand.CreateUnpause(),
            ShutdownCommand.CreateShutdown(),
            ShutdownCommand.CreateReboot(),
            DestroyCommand.Create(),
            RenameCommand.Create(),
            MemoryCommand.CreateSet(),
            MemoryCommand.CreateMaximum(),
            VcpuCommand.CreateList(),
            VcpuCommand.CreateSet(),
            TopCommand.Create(),
            UptimeCommand.Create(),
            DmesgCommand.Create(),
            AuditCommand.Create(),
            SchedCommand.Create(),
            ServiceCommand.Create(),
            XenStoreCommand.Create(),
        };
        try
        {
            // Signals are handled by the commands that have something to put in order.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            ParseResult parsed = root.Parse(arguments);
            // Only what is wrong, and only on the error output: the standard output may be read by a program.
            if (parsed.Action is ParseErrorAction refusal)
                refusal.ShowHelp = false;
            return await parsed.InvokeAsync(configuration);
        }
        catch (MkException e)
        {
            Say.Error(e.Message);
            return (int)e.Code;
        }
        catch (Exception e)
        {
            // Not the operator's fault: everything that helps to find it.
            Say.Error($"unexpected error: {e}");
            return (int)ExitCode.Usage;
        }
    }
}
