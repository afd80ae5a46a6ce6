using System;
using System.Linq;
using System.Text;

namespace Microkernel.Protogen;

/// <summary>C# source that indents itself.</summary>
internal sealed class CodeText
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Lines, each indented; a line "{" or "}" changes the depth.</summary>
    internal void Add(string lines)
    {
        foreach (string line in lines.Split('\n').Select(static l => l.Trim()))
        {
            _depth -= line.StartsWith('}') ? 1 : 0;
            _text.Append(line.Length == 0 ? "" : new string(' ', _depth * 4)).Append(line).Append('\n');
            _depth += line == "{" ? 1 : 0;
        }
    }

    /// <summary>A comment of the source as a documentation comment.</summary>
    internal void AddSummary(string comment, string otherwise)
    {
        string text = comment.Length == 0 ? otherwise : string.Join(' ', comment.Split('\n').Select(static l => l.Trim()));
        string escaped = text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
        Add($"/// <summary>{escaped}</summary>");
    }

    public override string ToString() => _text.ToString();
}
