namespace Mk.Xl;

/// <summary>One thing wrong with a configuration file.</summary>
/// <param name="File">The file as the operator named it.</param>
/// <param name="Line">The line, from 1; 0 when the fault belongs to the whole file.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
public sealed record Diagnostic(string File, int Line, string Message)
{
    /// <summary>The usual <c>file:line: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}: {Message}" : $"{File}: {Message}";
}
