using System.IO;
using System.Linq;
using System.Text;
using Mk.Terminal;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class TerminalTests
{
    [Test]
    public void KeysGoToTheGuestUntilCtrlBracketLeaves()
    {
        var keyboard = new Keyboard(1);
        Assert.That(keyboard.Type("ab\x03"u8).Single().Bytes, Is.EqualTo("ab\x03"u8.ToArray()));
        Assert.That(keyboard.Type("c\u001dd"u8).Single().Bytes, Is.EqualTo("c"u8.ToArray()));
        Assert.That(keyboard.Left, Is.True);
    }

    [Test]
    public void ADigitAfterCtrlBracketChoosesAnotherGuest()
    {
        var keyboard = new Keyboard(3);
        var typed = keyboard.Type("a\u001d3b\u001d"u8);
        Assert.That(typed.Select(static t => (t.Guest, Encoding.ASCII.GetString(t.Bytes))), Is.EqualTo(new[] { (0, "a"), (2, "b") }));
        Assert.That(keyboard.Left, Is.False, "the second key may come later");
        Assert.That(keyboard.Type("1z"u8).Single(), Is.EqualTo((0, "z"u8.ToArray())).Using<(int Guest, byte[] Bytes)>(
            static (x, y) => x.Guest == y.Guest && x.Bytes.SequenceEqual(y.Bytes)));
    }

    [TestCase("\x1d\x1d")]
    [TestCase("\x1dq")]
    [TestCase("\x1d" + "4")]
    public void AnythingElseAfterCtrlBracketLeaves(string keys)
    {
        var keyboard = new Keyboard(3);
        Assert.That(keyboard.Type(Encoding.ASCII.GetBytes(keys)), Is.Empty);
        Assert.That(keyboard.Left, Is.True);
    }

    [Test]
    public void LinesOfSeveralGuestsAreNamedAndKeptWhole()
    {
        using var output = new MemoryStream();
        var lines = new PrefixedLines(bytes => output.Write(bytes), "\n");
        lines.Add("a", "one\r\ntw"u8);
        lines.Add("b", "other\n"u8);
        lines.Add("a", "o\n# "u8);
        lines.Flush();
        lines.Add("a", "typed\n"u8);
        lines.Add("b", "$ "u8);
        lines.Flush();
        lines.Add("a", "last"u8);
        lines.Close();
        Assert.That(Encoding.ASCII.GetString(output.ToArray()), Is.EqualTo(
            "[a] one\n[b] other\n[a] two\n[a] # typed\n[b] $ \n[a] last\n"));
    }

    [Test]
    public void ASingleGuestsConsoleIsPassedOnByteByByteAndTheLogNamesEveryLine()
    {
        string log = Path.GetTempFileName();
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        using (var screen = new RunScreen(["a"], output, errors, raw: true, log))
        {
            screen.CoreLine("(core) up");
            screen.GuestOutput(0, "x\x1b[1m\r\n# "u8.ToArray());
        }
        Assert.That(Encoding.ASCII.GetString(output.ToArray()), Is.EqualTo("x\x1b[1m\r\n# \r\n"));
        Assert.That(Encoding.ASCII.GetString(errors.ToArray()), Is.EqualTo("(core) up\r\n"));
        Assert.That(File.ReadAllText(log), Is.EqualTo("[core] (core) up\n[a] x\x1b[1m\n[a] # \n"));
        File.Delete(log);
    }
}
