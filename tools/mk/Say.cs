using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Spectre.Console;

namespace Mk;

/// <summary>Tells the operator what is going on, on the error output, so that the output stays the guests'.</summary>
public static class Say
{
    private static TextWriter? _output;
    private static IAnsiConsole? _console;

    /// <summary>The error output, for what is more than lines.</summary>
    public static IAnsiConsole Console
    {
        get
        {
            // Made again after Console.SetError.
            if (_console is null || _output != System.Console.Error)
                _console = Create(_output = System.Console.Error);
            return _console;
        }
    }

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

    private static IAnsiConsole Create(TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = System.Console.IsErrorRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = System.Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(output),
        });
        // Without a terminal the width is a guess, and lines are for programs.
        if (System.Console.IsErrorRedirected)
            console.Profile.Width = int.MaxValue / 2;
        return console;
    }
}
