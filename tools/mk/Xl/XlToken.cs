namespace Mk.Xl;

/// <summary>What a token of an xl.cfg file is.</summary>
public enum XlTokenKind
{
    /// <summary>A key.</summary>
    Identifier,

    /// <summary>A quoted string, its escapes replaced.</summary>
    String,

    /// <summary>A number as it is written.</summary>
    Number,

    /// <summary>One of <c>= += [ ] , ;</c>.</summary>
    Punctuation,

    /// <summary>The end of a line.</summary>
    NewLine,

    /// <summary>The end of the file.</summary>
    End,

    /// <summary>Something that is no token; its text says why.</summary>
    Invalid,
}

/// <summary>A token of an xl.cfg file.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text, or for <see cref="XlTokenKind.Invalid"/> the reason.</param>
/// <param name="Line">The line it stands on, from 1.</param>
public readonly record struct XlToken(XlTokenKind Kind, string Text, int Line)
{
    /// <summary>The token as an error message names it.</summary>
    public string Shown => Kind switch
    {
        XlTokenKind.NewLine => "the end of the line",
        XlTokenKind.End => "the end of the file",
        _ => $"'{Text}'",
    };

    /// <summary>Whether this is the punctuation mark <paramref name="mark"/>.</summary>
    public bool Is(string mark) => Kind == XlTokenKind.Punctuation && Text == mark;

    /// <summary>Whether a setting ends before this token.</summary>
    public bool EndsSetting => Kind is XlTokenKind.NewLine or XlTokenKind.End || Is(";");
}
