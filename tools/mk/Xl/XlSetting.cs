namespace Mk.Xl;

/// <summary>One <c>key = value</c> of an xl.cfg file.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; after <c>+=</c> the whole concatenated value.</param>
/// <param name="Line">The line of the key, from 1.</param>
public sealed record XlSetting(string Key, XlValue Value, int Line);
