using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Mk.Images;

/// <summary>The files that go into a project: its folder's, those it names elsewhere, and those of the projects it refers to.</summary>
public static class ProjectSources
{
    private static readonly Regex Outside = new(@"(?:Include|Project)=""(\$\(MSBuildThisFileDirectory\))?(?<path>\.\./[^""]+)""");

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
        AddNamed(files, done, project);
    }

    /// <summary>What a project or targets file names outside of its folder.</summary>
    private static void AddNamed(HashSet<string> files, HashSet<string> done, string file)
    {
        foreach (Match match in Outside.Matches(File.ReadAllText(file)))
        {
            string path = Path.GetFullPath(match.Groups["path"].Value, Path.GetDirectoryName(file)!);
            if (path.EndsWith(".csproj", StringComparison.Ordinal))
                AddProject(files, done, path);
            else if (path.Contains('*', StringComparison.Ordinal))
                files.UnionWith(FilesBelow(Path.GetDirectoryName(path[..path.IndexOf('*', StringComparison.Ordinal)])!));
            else if (files.Add(path) && Path.GetExtension(path) == ".targets")
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
