using System;
using System.Text;
using Microkernel.Core.Logging;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Logging;

public sealed class LogLineTests
{
    [Test]
    public void NumbersAndTextAreWrittenAsTheLibraryWritesThem()
    {
        Assert.That(
            Text($"cpu {-5} of {7u}: {ulong.MaxValue} {ulong.MaxValue:x} {long.MinValue} {0} {"name"} {"raw"u8}"),
            Is.EqualTo($"(core) cpu -5 of 7: {ulong.MaxValue} {ulong.MaxValue:x} {long.MinValue} 0 name raw\n"));
    }

    [Test]
    public void ControlCharactersDoNotReachTheLog() =>
        Assert.That(Text($"a{"\n\u001b[2J"}{"\r\x7f\xff"u8}é"), Is.EqualTo("(core) a??[2J???" + "??\n"));

    [Test]
    public void LongLinesAreCut()
    {
        string line = Text($"{new string('x', 1000)}");
        Assert.That(line, Has.Length.EqualTo(LogLine.Capacity));
        Assert.That(line, Does.EndWith("xx\n"));
    }

    private static string Text(ref LogLine line) => Encoding.ASCII.GetString(line.Finish());
}
