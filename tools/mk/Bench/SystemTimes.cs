using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Commands;
using Mk.Control;
using Mk.Images;
using Mk.Machine;
using Mk.Xl;

namespace Mk.Bench;

/// <summary>
/// What an operator waits for, in a system that is started for it. Wall-clock times: they mean something on a machine that has nothing
/// else to do.
/// </summary>
/// <param name="Start">From QEMU's start until all five services answer.</param>
/// <param name="Create">From the command until the guest of examples/debian.cfg runs, its files uploaded.</param>
/// <param name="Shell">From the command to the guest's shell.</param>
public sealed partial record SystemTimes(TimeSpan Start, TimeSpan Create, TimeSpan Shell)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Measures.</summary>
    /// <param name="machine">The machine; CPUs and memory are set here.</param>
    /// <exception cref="MkException">The system does not come up, or the guest does not.</exception>
    public static async Task<SystemTimes> MeasureAsync(MachineOptions machine)
    {
        GuestConfig guest = GuestFiles.Read([Repository.InRoot("examples/debian.cfg")], GuestScope.System).Single();
        BootSet set = SystemImages.Prepare();
        MachineOptions options = machine with { Cpus = 2, MemoryMiB = SystemImages.MemoryMiB + guest.MemoryMiB + 64, TimeLimit = 2 * Patience };
        return await MeasuredSystem.RunAsync(options, set, Patience, async (system, started, cancellation) =>
        {
            long start = Stopwatch.GetTimestamp();
            uint domain = await new GuestCreation(system, static (_, _) => { }).RunAsync(guest, isPaused: false);
            TimeSpan created = Stopwatch.GetElapsedTime(start);
            await WaitForShellAsync(system, domain, cancellation);
            return new SystemTimes(started, created, Stopwatch.GetElapsedTime(start));
        });
    }

    private static async Task WaitForShellAsync(SystemConnection system, uint domain, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var prompt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var console = new ConsoleSession(system, domain, bytes =>
        {
            if (Prompt().IsMatch(text.Append(Encoding.Latin1.GetString(bytes.Span)).ToString()))
                prompt.TrySetResult();
        });
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reading = console.ReadAsync(over.Token);
        await (await Task.WhenAny(prompt.Task, reading));
        cancellation.ThrowIfCancellationRequested();
        if (!prompt.Task.IsCompleted)
            throw new MkException(ExitCode.GuestCrashed, $"the guest ended before it had a shell; it printed:\n{text}");
        await over.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [GeneratedRegex("^guest:.*# ", RegexOptions.Multiline)]
    private static partial Regex Prompt();
}
