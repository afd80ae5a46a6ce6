using System.Collections.Generic;
using System.Linq;

namespace Mk.Xl;

/// <summary>A value in an xl.cfg file (xl.cfg(5), section Syntax).</summary>
/// <param name="Line">The line it starts on, from 1.</param>
public abstract record XlValue(int Line);

/// <summary>A string or a number. xl takes either where the text fits: <c>memory="512"</c> is valid.</summary>
/// <param name="Text">The text, without quotes and with escapes replaced.</param>
/// <param name="Line">The line it starts on, from 1.</param>
public sealed record XlAtom(string Text, int Line) : XlValue(Line);

/// <summary>A list; its items may be lists again.</summary>
/// <param name="Items">The items in order.</param>
/// <param name="Line">The line it starts on, from 1.</param>
public sealed record XlList(IReadOnlyList<XlValue> Items, int Line) : XlValue(Line)
{
    /// <summary>Lists are equal when their items are.</summary>
    public bool Equals(XlList? other) => other is not null && Line == other.Line && Items.SequenceEqual(other.Items);

    /// <inheritdoc/>
    public override int GetHashCode() => Items.Count;
}
