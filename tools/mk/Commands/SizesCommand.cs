using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Mk.Sizes;
using Spectre.Console;

namespace Mk.Commands;

/// <summary><c>mk sizes</c>: how large the trusted core is, against its limits.</summary>
public static class SizesCommand
{
    private const int MostLines = 12_000;
    private const int MostImageBytes = 256 << 10;

    private static readonly string[] SourceEndings = [".cs", ".S", ".ld"];

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("sizes", $"Print the size of the core's image and source; fail over {MostLines} lines or {MostImageBytes >> 10} KiB.");
        command.SetAction(static _ => Print());
        return command;
    }

    private static int Print()
    {
        CoreImage.Ensure();
        long image = PrintImage(ElfSection.Read(File.ReadAllBytes(Repository.Core)));
        int lines = PrintLines();
        bool over = false;
        over |= PrintGoal("image in memory without bss", image, MostImageBytes, "bytes");
        over |= PrintGoal("lines of code", lines, MostLines, "lines");
        return (int)(over ? ExitCode.GuestCrashed : ExitCode.Success);
    }

    private static long PrintImage(IReadOnlyList<ElfSection> sections)
    {
        Table table = Tables.Create("section", "kind", ">bytes");
        foreach (ElfSection section in sections)
            table.AddRow(Markup.Escape(section.Name), section.Kind, $"{section.Bytes:N0}");
        table.AddEmptyRow();
        foreach (IGrouping<string, ElfSection> kind in sections.GroupBy(static s => s.Kind))
            table.AddRow("all of", kind.Key, $"{kind.Sum(static s => s.Bytes):N0}");
        Tables.Print(table);
        return sections.Where(static s => s.IsInFile).Sum(static s => s.Bytes);
    }

    private static int PrintLines()
    {
        Table table = Tables.Create("folder", ">lines of code", ">all lines", ">files");
        var total = default(LineCount);
        string kernel = Repository.InRoot("kernel");
        var folders = Directory.EnumerateFiles(kernel, "*", SearchOption.AllDirectories)
            .Where(static f => SourceEndings.Contains(Path.GetExtension(f)))
            .Where(static f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .GroupBy(f => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(f)!)).OrderBy(static g => g.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, string> folder in folders)
        {
            LineCount count = folder.Select(static f => LineCount.Of(File.ReadLines(f))).Aggregate(static (a, b) => a + b);
            table.AddRow(folder.Key, $"{count.Code:N0}", $"{count.All:N0}", $"{folder.Count():N0}");
            total += count;
        }
        table.AddRow("all", $"{total.Code:N0}", $"{total.All:N0}", "");
        Tables.Print(table);
        return total.Code;
    }

    private static bool PrintGoal(string what, long actual, long most, string unit)
    {
        bool over = actual > most;
        Console.WriteLine($"{what}: {actual:N0} of at most {most:N0} {unit}{(over ? " - OVER" : "")}");
        return over;
    }
}
