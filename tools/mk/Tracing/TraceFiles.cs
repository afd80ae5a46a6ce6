using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Mk.Tracing;

/// <summary>Writes traces to files; a name's ending says what is in it.</summary>
public static class TraceFiles
{
    private static readonly Dictionary<string, Action<SchedTrace, Stream>> s_writers = new(StringComparer.OrdinalIgnoreCase)
    {
        [".json"] = ChromeTrace.Write,
        [".svg"] = WritePicture,
    };

    /// <summary>What is wrong with some names; null if nothing is.</summary>
    public static string? Check(IReadOnlyList<string> files)
    {
        if (files.FirstOrDefault(static f => !s_writers.ContainsKey(Path.GetExtension(f))) is { } unknown)
            return $"'{unknown}' must end in .json (a trace for Perfetto's viewer, ui.perfetto.dev) or in .svg (a picture)";
        if (files.FirstOrDefault(static f => !Directory.Exists(FolderOf(f))) is { } homeless)
            return $"there is no folder '{FolderOf(homeless)}' for '{homeless}'";
        return files.Select(Path.GetFullPath).Distinct().Count() < files.Count ? "the files are the same" : null;
    }

    /// <summary>Writes one. Whatever happens, the file is whole or as it was.</summary>
    /// <exception cref="MkException">It cannot be written.</exception>
    public static void Write(SchedTrace trace, string file)
    {
        string partial = file + ".partial";
        try
        {
            using (FileStream output = File.Create(partial))
                s_writers[Path.GetExtension(file)](trace, output);
            File.Move(partial, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(partial))
                File.Delete(partial);
            throw new MkException(ExitCode.Usage, $"'{file}' cannot be written: {e.Message}");
        }
    }

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file)) ?? Path.GetFullPath(file);

    private static void WritePicture(SchedTrace trace, Stream output)
    {
        using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        SvgTimeline.Write(trace, text);
    }
}
