using System;
using System.IO;
using System.Text;
using NUnit.Framework;

namespace Microkernel.Services.Tests;

public sealed class LogTests
{
    [TestCase(1234, LogLevel.Info, "starts", "1.234 info starts\n")]
    [TestCase(60007, LogLevel.Warning, "one\ntwo\n", "60.007 warning one\n    two\n")]
    [TestCase(0, LogLevel.Error, "a\u001b[31m\r\tb", "0.000 error a?[31m??b\n")]
    [TestCase(1, LogLevel.Debug, "", "0.001 debug \n")]
    public void WhatOthersSentCannotBeginALineOrSteerATerminal(long time, LogLevel level, string text, string expected) =>
        Assert.That(ServiceLog.Format(time, level, text), Is.EqualTo(expected));

    [Test]
    public void LinesBelowTheLevelAreDropped()
    {
        using var output = new MemoryStream();
        var log = new ServiceLog(output);
        log.Debug("hidden");
        log.Least = LogLevel.Debug;
        log.Debug("shown");
        log.Error("failed", new InvalidOperationException("why"));
        string text = Encoding.UTF8.GetString(output.ToArray());
        Assert.That(text, Does.Not.Contain("hidden").And.Contains(" debug shown\n"));
        Assert.That(text, Does.Contain(" error failed: System.InvalidOperationException: why\n"));
    }

    [Test]
    public void AConsoleThatIsGoneIsNoReasonToFail()
    {
        using var full = new FullStream();
        Assert.That(() => new ServiceLog(full).Info("nobody reads this"), Throws.Nothing);
    }

    /// <summary>A device that takes nothing.</summary>
    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("full");
    }
}
