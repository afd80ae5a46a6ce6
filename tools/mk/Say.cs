using System;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Mk;

/// <summary>Tells the operator what is going on, on the error output, so that the output stays the guests'.</summary>
public static class Say
{
    private static readonly IAnsiConsole Console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = System.Console.IsErrorRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        Out = new AnsiConsoleOutput(System.Console.Error),
    });

    /// <summary>One line.</summary>
    public static void Line(string text) => Console.MarkupLine("[grey]mk:[/] " + Markup.Escape(text));

    /// <summary>An error; may have several lines.</summary>
    public static void Error(string text) => Console.MarkupLine("[red]mk:[/] " + Markup.Escape(text));

    /// <summary>Does something that takes a while: says what, and when it is done how long it took.</summary>
    public static T While<T>(string what, Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        T result;
        if (Console.Profile.Capabilities.Interactive)
        {
            result = Console.Status().Start(Markup.Escape(what) + " ...", _ => work());
        }
        else
        {
            Line(what + " ...");
            result = work();
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Line(string.Create(CultureInfo.InvariantCulture, $"{what}: done ({seconds:0.0} s)"));
        return result;
    }
}
