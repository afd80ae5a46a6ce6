using System;
using Spectre.Console;

namespace Mk.Commands;

/// <summary>Tables on the standard output that look the same on a terminal, in a file and in a log.</summary>
public static class Tables
{
    /// <summary>A table with the given column heads; one that starts with '>' is for numbers.</summary>
    public static Table Create(params ReadOnlySpan<string> heads)
    {
        Table table = new Table().Border(TableBorder.Markdown);
        foreach (string head in heads)
        {
            var column = new TableColumn(Markup.Escape(head.TrimStart('>')));
            table.AddColumn(head.StartsWith('>') ? column.RightAligned() : column);
        }
        return table;
    }

    /// <summary>Prints a table and an empty line.</summary>
    public static void Print(Table table)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        // Without a terminal the width is a guess: wide enough not to break any row.
        console.Profile.Width = 200;
        console.Write(table);
        console.WriteLine();
    }
}
