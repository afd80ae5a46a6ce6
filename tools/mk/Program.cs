using System;
using System.CommandLine;
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
            + "Exit codes: 0 all guests ended by themselves, 1 wrong command line or configuration, 2 a guest crashed or a\n"
            + "test or limit failed, 3 the core panicked, 4 the time limit ran out, 5 QEMU failed, 130 ended by the operator.")
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
        };
        try
        {
            // Signals are handled by the commands that have something to put in order.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await root.Parse(arguments).InvokeAsync(configuration);
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
