using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Mk.Control;
using Mk.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk top</c>: the guests and what they use, live; and what else is shown as a table that changes.</summary>
public sealed class TopCommand
{
    private readonly Option<double> _delay = new("--delay", "-d") { Description = "Time between two looks", DefaultValueFactory = static _ => 2, HelpName = "SECONDS" };
    private readonly Option<int?> _iterations = new("--iterations", "-i") { Description = "End after so many looks", HelpName = "N" };
    private readonly Option<bool> _batch = new("--batch", "-b") { Description = "Print one table after another, for a file; the default without a terminal, with one look" };

    private readonly Func<Func<SystemConnection, Task<(string Head, Table Table)>>> _newView;

    private TopCommand(Command command, Func<Func<SystemConnection, Task<(string Head, Table Table)>>> newView)
    {
        _newView = newView;
        _delay.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<double>() is not (>= 0.1 and <= 3600))
                r.AddError("--delay is out of range (0.1 to 3600)");
        });
        foreach (Option option in new Option[] { _delay, _iterations, _batch })
            command.Add(option);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create() => Create(
        "top",
        "Show the guests and what they use, live. 'q' or Ctrl-C leaves.",
        static () =>
        {
            var view = new TopView();
            return async system =>
            {
                Api.GetHostResponse host = await system.RepeatAsync(options => system.Toolstack.GetHostAsync(new Api.GetHostRequest(), options));
                return view.Update(host, await GuestList.ReadAsync(system));
            };
        });

    /// <summary>A command that shows another table in the same way.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="newView">Makes what looks at the system, and remembers the last look.</param>
    public static Command Create(string name, string description, Func<Func<SystemConnection, Task<(string Head, Table Table)>>> newView)
    {
        var command = new Command(name, description);
        _ = new TopCommand(command, newView);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        bool isLive = !parsed.GetValue(_batch) && !Console.IsOutputRedirected && !Console.IsInputRedirected;
        int left = parsed.GetValue(_iterations) ?? (isLive || parsed.GetValue(_batch) ? int.MaxValue : 1);
        var delay = TimeSpan.FromSeconds(parsed.GetValue(_delay));
        using var leaving = new CancellationTokenSource();
        using var signals = new Signals(_ => leaving.Cancel());
        return await SystemCommand.RunAsync(CancellationToken.None, system => isLive
            ? ShowAsync(system, _newView(), delay, left, leaving)
            : PrintAsync(system, _newView(), delay, left, leaving.Token));
    }

    private static async Task PrintAsync(SystemConnection system, Func<SystemConnection, Task<(string Head, Table Table)>> look, TimeSpan delay, int left, CancellationToken leaving)
    {
        while (!leaving.IsCancellationRequested)
        {
            (string head, Table table) = await look(system);
            Console.WriteLine(head);
            Tables.Print(table);
            if (--left <= 0)
                return;
            await Task.Delay(delay, leaving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ShowAsync(SystemConnection system, Func<SystemConnection, Task<(string Head, Table Table)>> look, TimeSpan delay, int left, CancellationTokenSource leaving)
    {
        IRenderable shown = await RenderAsync(system, look);
        await AnsiConsole.Live(shown).AutoClear(false).StartAsync(async context =>
        {
            while (--left > 0 && !leaving.IsCancellationRequested)
            {
                await WaitAsync(delay, leaving);
                context.UpdateTarget(await RenderAsync(system, look));
            }
        });
    }

    private static async Task WaitAsync(TimeSpan delay, CancellationTokenSource leaving)
    {
        long end = Environment.TickCount64 + (long)delay.TotalMilliseconds;
        while (Environment.TickCount64 < end && !leaving.IsCancellationRequested)
        {
            while (Console.KeyAvailable)
            {
                if (Console.ReadKey(intercept: true).KeyChar is 'q' or 'Q')
                    await leaving.CancelAsync();
            }
            await Task.Delay(50, leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<IRenderable> RenderAsync(SystemConnection system, Func<SystemConnection, Task<(string Head, Table Table)>> look)
    {
        (string head, Table table) = await look(system);
        return new Rows(new Text(head), table);
    }
}
