using System.Text.Json;

namespace Mk.Daemon;

/// <summary>A step of the start, or its end.</summary>
/// <param name="Seconds">Since QEMU was started.</param>
/// <param name="Text">What has happened.</param>
/// <param name="End">How the start ended, in the last step; success means that the system is up.</param>
public sealed record StartStep(double Seconds, string Text, ExitCode? End)
{
    /// <summary>The step as a line of the file.</summary>
    public string ToLine() => JsonSerializer.Serialize(this);

    /// <summary>A step from its line.</summary>
    public static StartStep FromLine(string line) => JsonSerializer.Deserialize<StartStep>(line)!;
}
