namespace Mk.Xl;

/// <summary>One <c>key = value</c> of an xl.cfg file.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; after <c>+=</c> the whole concatenated value.</param>
/// <param name="File">Where it stands: a file as the operator named it, or a word of the command line.</param>
/// <param name="Line">The line of the key, from 1; 0 on the command line.</param>
public sealed record XlSetting(string Key, XlValue Value, string File, int Line);
