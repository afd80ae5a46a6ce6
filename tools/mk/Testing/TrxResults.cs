using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;

namespace Mk.Testing;

/// <summary>What a run of a test project left in its .trx file.</summary>
/// <param name="Passed">The number of tests that passed.</param>
/// <param name="Failures">The tests that did not, skipped ones among them: nothing here may be skipped unseen.</param>
public sealed record TrxResults(int Passed, IReadOnlyList<TestFailure> Failures)
{
    private static readonly XNamespace Space = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads a .trx file.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static TrxResults Read(TextReader text)
    {
        XElement root = XDocument.Load(text).Root?.Element(Space + "Results")
            ?? throw new InvalidDataException("a .trx file without results");
        List<XElement> results = [.. root.Elements(Space + "UnitTestResult")];
        return new TrxResults(results.Count(HasPassed), [.. results.Where(static r => !HasPassed(r)).Select(ReadFailure)]);
    }

    private static bool HasPassed(XElement result) => result.Attribute("outcome")?.Value == "Passed";

    private static TestFailure ReadFailure(XElement result)
    {
        XElement? output = result.Element(Space + "Output");
        XElement? error = output?.Element(Space + "ErrorInfo");
        string?[] parts =
        [
            error?.Element(Space + "Message")?.Value, error?.Element(Space + "StackTrace")?.Value, output?.Element(Space + "StdOut")?.Value,
        ];
        return new TestFailure(
            result.Attribute("testName")?.Value ?? "?",
            result.Attribute("outcome")?.Value ?? "?",
            string.Join('\n', parts.Where(static p => !string.IsNullOrWhiteSpace(p))));
    }
}
