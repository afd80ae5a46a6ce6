namespace Mk.Tracing;

/// <summary>A domain of a trace.</summary>
/// <param name="Domain">Its number.</param>
/// <param name="Name">Its name, or its number in words when nobody knows it any more.</param>
/// <param name="IsService">It is one of the system's own.</param>
public sealed record TraceDomain(uint Domain, string Name, bool IsService);
