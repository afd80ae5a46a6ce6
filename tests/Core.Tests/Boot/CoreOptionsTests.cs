using System;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Logging;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

public sealed class CoreOptionsTests
{
    private FakeMachine _machine = new();

    [SetUp]
    public void MakeMachine() => _machine = new FakeMachine();

    [Test]
    public void NothingSaidGivesTheDefaults()
    {
        CoreOptions options = Parse("");
        Assert.That(options.Console, Is.EqualTo(SerialPortChoice.Com1));
        Assert.That(options.Guests, Is.EqualTo(SerialPortChoice.Com2));
        Assert.That(options.Cpus, Is.EqualTo(int.MaxValue));
        Assert.That(options.UseSiblings, Is.Null);
        Assert.That(options.SelfTest.Length, Is.Zero);
        Assert.That(options.Mitigations.Length, Is.Zero);
        Assert.That(_machine.Log.ToString(), Is.Empty);
    }

    [Test]
    public void EveryOptionIsTaken()
    {
        CoreOptions options = Parse("  console=none guests=com1  cpus=3 smt=on mitigations=ibpb,verw selftest=null ");
        Assert.That(options.Console, Is.EqualTo(SerialPortChoice.None));
        Assert.That(options.Guests, Is.EqualTo(SerialPortChoice.Com1));
        Assert.That(options.Cpus, Is.EqualTo(3));
        Assert.That(options.UseSiblings, Is.True);
        Assert.That(Encoding.ASCII.GetString(options.SelfTest), Is.EqualTo("null"));
        Assert.That(Encoding.ASCII.GetString(options.Mitigations), Is.EqualTo("ibpb,verw"));
        Assert.That(_machine.Log.ToString(), Is.Empty);
    }

    [Test]
    public void TheLastOfANameCounts() =>
        Assert.That(Parse("smt=on smt=off").UseSiblings, Is.False);

    [TestCase("cpus=0")]
    [TestCase("cpus=")]
    [TestCase("cpus=-1")]
    [TestCase("cpus=99999999999999999999")]
    [TestCase("cpus=2x")]
    [TestCase("console=com3")]
    [TestCase("smt=perhaps")]
    [TestCase("cpu=2")]
    [TestCase("=")]
    [TestCase("cpus ")]
    public void NonsenseIsReportedAndLeftOut(string text)
    {
        CoreOptions options = Parse(text);
        Assert.That(_machine.Log.ToString(), Does.StartWith($"(core) option {text.Trim()} ignored: "));
        Assert.That(options.Cpus, Is.EqualTo(int.MaxValue));
        Assert.That(options.Console, Is.EqualTo(SerialPortChoice.Com1));
        Assert.That(options.UseSiblings, Is.Null);
    }

    [Test]
    public void AnyBytesAreSurvived([Range(1, 10)] int seed)
    {
        var random = new Random(seed);
        string[] pieces = ["console", "cpus", "smt", "=", " ", "on", "4", "com1", "\0", "\xff", ",", "mitigations", "none"];
        for (int round = 0; round < 2000; round++)
        {
            var text = new StringBuilder();
            for (int i = random.Next(12); i > 0; i--)
            {
                text.Append(pieces[random.Next(pieces.Length)]);
            }

            Assert.That(Parse(text.ToString()).Cpus, Is.GreaterThan(0));
        }
    }

    private CoreOptions Parse(string text) => CoreOptions.Parse(Encoding.Latin1.GetBytes(text), new Log(_machine));
}
