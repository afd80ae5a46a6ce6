namespace Mk.Testing;

/// <summary>A test that did not pass.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">Failed, NotExecuted, ...</param>
/// <param name="Detail">Message, stack trace and output.</param>
public sealed record TestFailure(string Name, string Outcome, string Detail);
