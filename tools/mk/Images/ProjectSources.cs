using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Mk.Images;

/// <summary>The files that go into a project: its folder's, those it names elsewhere, and those of the projects it refers to.</summary>
public static class ProjectSources
{
    // Up to a wildcard or an expression; of those only the folder counts.
    private static readonly Regex Outside = new(@"(\.\./)+[\w./-]+");

    /// <summary>The files of a project.</summary>
    public static IReadOnlyCollection<string> Of(string project)
    {
        var files = new HashSet<string>(Directory.EnumerateFiles(Repository.Root, "Directory.*.props"));
        AddProject(files, [], Path.GetFullPath(project));
        return files;
    }

    private static void AddProject(HashSet<string> files, HashSet<string> done, string project)
    {
        if (!done.Add(project))
            return;
        string folder = Path.GetDirectoryName(project)!;
        files.UnionWith(FilesBelow(folder));
        files.UnionWith(Directory.EnumerateFiles(Path.GetDirectoryName(folder)!, "*.props"));
        foreach (string inside in FilesBelow(folder).Where(static f => f.EndsWith(".csproj", StringComparison.Ordinal)))
            AddNamed(files, done, inside);
    }

    /// <summary>What a project or targets file names outside of its folder.</summary>
    private static void AddNamed(HashSet<string> files, HashSet<string> done, string file)
    {
        foreach (Match match in Outside.Matches(File.ReadAllText(file)))
        {
            string path = Path.GetFullPath(match.Value, Path.GetDirectoryName(file)!);
            if (Directory.Exists(path))
                files.UnionWith(IsMade(Path.GetRelativePath(Repository.Root, path)) ? [] : FilesBelow(path));
            else if (path.EndsWith(".csproj", StringComparison.Ordinal))
                AddProject(files, done, path);
            else if (File.Exists(path) && !IsMade(Path.GetRelativePath(Repository.Root, path)) && files.Add(path) && Path.GetExtension(path) == ".targets")
                AddTargets(files, done, path);
        }
    }

    /// <summary>Targets that projects share; what they compile lies beside them.</summary>
    private static void AddTargets(HashSet<string> files, HashSet<string> done, string targets)
    {
        files.UnionWith(FilesBelow(Path.GetDirectoryName(targets)!));
        AddNamed(files, done, targets);
    }

    private static IEnumerable<string> FilesBelow(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !IsMade(Path.GetRelativePath(folder, f)));

    private static bool IsMade(string path) => path.Split('/').Any(static part => part is "bin" or "obj");
}
