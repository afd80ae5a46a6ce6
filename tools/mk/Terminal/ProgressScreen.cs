using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Spectre.Console;

namespace Mk.Terminal;

/// <summary>Shows how far several steps are: bars on a terminal, otherwise a line when each begins, or nothing.</summary>
public static class ProgressScreen
{
    /// <summary>Does something that reports its steps.</summary>
    /// <param name="isQuiet">Whether to show nothing.</param>
    /// <param name="work">Reports a step's name and how much of it is done, from 0 to 1.</param>
    public static Task<T> RunAsync<T>(bool isQuiet, Func<Action<string, double>, Task<T>> work)
    {
        if (isQuiet)
            return work(static (_, _) => { });
        return Say.Console.Profile.Capabilities.Interactive ? ShowBarsAsync(work) : PrintLinesAsync(work);
    }

    private static Task<T> ShowBarsAsync<T>(Func<Action<string, double>, Task<T>> work) =>
        Say.Console.Progress().Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                Dictionary<string, ProgressTask> bars = [];
                return work((step, done) =>
                {
                    if (!bars.TryGetValue(step, out ProgressTask? bar))
                        bars[step] = bar = context.AddTask(Markup.Escape(step), maxValue: 1);
                    bar.Value = done;
                });
            });

    private static Task<T> PrintLinesAsync<T>(Func<Action<string, double>, Task<T>> work)
    {
        string last = "";
        return work((step, _) =>
        {
            if (step != last)
                Say.Line(step + " ...");
            last = step;
        });
    }
}
