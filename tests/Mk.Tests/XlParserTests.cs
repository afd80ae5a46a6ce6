using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Mk.Xl;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class XlParserTests
{
    private static (IReadOnlyList<XlSetting> Settings, string Faults) Parse(string text)
    {
        List<Diagnostic> faults = [];
        IReadOnlyList<XlSetting> settings = XlParser.Parse("a.cfg", text, faults);
        return (settings, string.Join('\n', faults));
    }

    [Test]
    public void ReadsStringsNumbersListsCommentsAndSemicolons()
    {
        (IReadOnlyList<XlSetting> settings, string faults) = Parse(
            """
            # a comment
            name = "a#b" ; vcpus=2   # behind it
            disk = [ 'one', [ 2,
                     "three" ],   # inside a list
            ]
            """);
        Assert.That(faults, Is.Empty);
        Assert.That(settings.Select(static s => (s.Key, s.Line)), Is.EqualTo(new[] { ("name", 2), ("vcpus", 2), ("disk", 3) }));
        Assert.That(settings[0].Value, Is.EqualTo(new XlAtom("a#b", 2)));
        Assert.That(settings[1].Value, Is.EqualTo(new XlAtom("2", 2)));
        Assert.That(settings[2].Value, Is.EqualTo(
            new XlList([new XlAtom("one", 3), new XlList([new XlAtom("2", 3), new XlAtom("three", 4)], 3)], 3)));
    }

    [TestCase("""x = "a\tb\\\"\x41'" """, "a\tb\\\"A'")]
    [TestCase("""x = 'it\'s "so"' """, "it's \"so\"")]
    [TestCase("x = ''", "")]
    public void ReplacesEscapesInBothKindsOfString(string text, string expected) =>
        Assert.That(Parse(text).Settings.Single().Value, Is.EqualTo(new XlAtom(expected, 1)));

    [Test]
    public void LaterSettingsReplaceEarlierOnesAndPlusEqualsAppends()
    {
        (IReadOnlyList<XlSetting> settings, string faults) = Parse("a='1'\na='2'\na+=' 3'\nb=[1]\nb+=[2]\nc+='new'");
        Assert.That(faults, Is.Empty);
        Assert.That(settings.Single(static s => s.Key == "a").Value, Is.EqualTo(new XlAtom("2 3", 3)));
        Assert.That(((XlList)settings.Single(static s => s.Key == "b").Value).Items, Has.Count.EqualTo(2));
        Assert.That(settings.Single(static s => s.Key == "c").Value, Is.EqualTo(new XlAtom("new", 6)));
    }

    [TestCase("name 'x'", "a.cfg:1: '=' is missing after 'name', but here is 'x'")]
    [TestCase("\nname = x", "a.cfg:2: a string needs quotes, but here is 'x'")]
    [TestCase("name = ", "a.cfg:1: a value is missing, but here is the end of the file")]
    [TestCase("name = 'x", "a.cfg:1: the string is not closed: a ' is missing on this line")]
    [TestCase("x = [ 1 2 ]", "a.cfg:1: ',' or ']' is missing in the list, but here is '2'")]
    [TestCase("x = 'a' y = 'b'", "a.cfg:1: the value of 'x' ends here, a line end or ';' is missing, but here is 'y'")]
    [TestCase("x = 1\nx += [2]", "a.cfg:2: 'x +=' joins a list and a string")]
    [TestCase("@", "a.cfg:1: unexpected character '@'")]
    [TestCase("x = '\\q'", "a.cfg:1: unknown escape sequence '\\q' in a string (write \\\\ for a backslash)")]
    [TestCase("x = [", "a.cfg:1: a value is missing, but here is the end of the file")]
    public void SaysWhereAndWhatIsWrong(string text, string expected) => Assert.That(Parse(text).Faults, Is.EqualTo(expected));

    [Test]
    public void GoesOnAfterAFaultAndReportsAll()
    {
        (IReadOnlyList<XlSetting> settings, string faults) = Parse("a = \nb = 2\nc d\ne = 5");
        Assert.That(faults.Split('\n'), Has.Length.EqualTo(2));
        Assert.That(settings.Select(static s => s.Key), Is.EqualTo(new[] { "b", "e" }));
    }

    [Test]
    public void DeepListsAreRefusedInsteadOfOverflowingTheStack() =>
        Assert.That(Parse("x = " + new string('[', 100_000)).Faults, Does.StartWith("a.cfg:1: lists are nested too deeply"));

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void AnyTextEndsWithSettingsOrFaults(string? text) => Parse(text ?? "");

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public Property NearlyRightTextNeverThrowsAndFaultsNameLinesOfTheFile()
    {
        Gen<string> piece = Gen.Elements(
            "name", "=", "+=", "'x'", "\"y\"", "[", "]", ",", ";", "\n", "#c", "12", "0x", "-", "\\", "'", "\"", " ", "\r", "\0", "é");
        Gen<string> texts = Gen.ListOf(piece).Select(static pieces => string.Concat(pieces));
        return Prop.ForAll(Arb.From(texts), static text =>
        {
            List<Diagnostic> faults = [];
            XlParser.Parse("a.cfg", text, faults);
            int lines = text.Count(static c => c == '\n') + 1;
            return faults.All(f => f.Line >= 1 && f.Line <= lines);
        });
    }

    [FsCheck.NUnit.Property]
    public bool AnyStringWithoutControlsCanBeWrittenAndReadBack(NonNull<string> text)
    {
        string plain = string.Concat(text.Get.Where(static c => c != '\n'));
        string quoted = plain.Replace("\\", "\\\\").Replace("\"", "\\\"");
        return Parse($"x = \"{quoted}\"").Settings.Single().Value.Equals(new XlAtom(plain, 1));
    }
}
