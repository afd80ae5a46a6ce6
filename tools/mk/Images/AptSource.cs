using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Mk.Images;

/// <summary>Where a machine gets the packages of one suite from (sources.list(5)).</summary>
/// <param name="Uri">The archive's address.</param>
/// <param name="SignedBy">The keys it is signed with: file names or a key itself, as in a Signed-By field; null for apt's own.</param>
public sealed record AptSource(string Uri, string? SignedBy)
{
    /// <summary>The machine's source of the main component of a suite; null when it has none.</summary>
    public static AptSource? OfMachine(string suite)
    {
        string list = Tool.Run("apt-get", ["indextargets", "--format", "$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)", "Created-By: Packages"]);
        foreach (string[] fields in list.Split('\n').Select(static l => l.Split('|')))
        {
            if (fields.Length != 4 || fields[0] != suite || fields[1] != "main")
                continue;
            string file = fields[3][..fields[3].LastIndexOf(':')];
            return new AptSource(fields[2], FindSignedBy(file, File.ReadAllText(file), fields[2], suite));
        }
        return null;
    }

    /// <summary>The entry of another suite in the same archive, in the deb822 format.</summary>
    public string Entry(string suite) =>
        $"Types: deb\nURIs: {Uri}\nSuites: {suite}\nComponents: main\n{(SignedBy is null ? "" : $"Signed-By: {SignedBy}\n")}";

    /// <summary>Finds the keys of a source in the file that names it, in the old one-line format or in deb822.</summary>
    public static string? FindSignedBy(string file, string text, string uri, string suite) =>
        file.EndsWith(".sources", StringComparison.Ordinal) ? InStanzas(text, uri, suite) : InLines(text, uri, suite);

    private static string? InLines(string text, string uri, string suite) =>
        text.Split('\n')
            .Where(line => Names(line, uri) && Regex.IsMatch(line, $@"\s{Regex.Escape(suite)}\s") && !line.TrimStart().StartsWith('#'))
            .Select(static line => Regex.Match(line, @"\[[^\]]*\bsigned-by=(?<keys>[^\s\]]+)", RegexOptions.IgnoreCase).Groups["keys"])
            .FirstOrDefault(static keys => keys.Success)?.Value.Replace(',', ' ');

    private static string? InStanzas(string text, string uri, string suite)
    {
        foreach (string stanza in Regex.Split(text, @"\n\s*\n"))
        {
            Dictionary<string, string> fields = Fields(stanza);
            if (Names(fields.GetValueOrDefault("uris", ""), uri) && fields.GetValueOrDefault("suites", "").Split().Contains(suite))
                return fields.GetValueOrDefault("signed-by");
        }
        return null;
    }

    /// <summary>The fields of a stanza; a line that starts with a blank continues the field before it.</summary>
    private static Dictionary<string, string> Fields(string stanza)
    {
        string lines = string.Join('\n', stanza.Split('\n').Where(static l => !l.StartsWith('#')));
        return Regex.Matches(lines, @"^(?<name>[A-Za-z-]+):[ \t]*(?<value>.*(\n[ \t].*)*)", RegexOptions.Multiline)
            .ToDictionary(static m => m.Groups["name"].Value.ToLowerInvariant(), static m => m.Groups["value"].Value.TrimEnd());
    }

    private static bool Names(string text, string uri) => text.Split().Any(word => word.TrimEnd('/') == uri.TrimEnd('/'));
}
