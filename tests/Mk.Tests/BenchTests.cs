using System.IO;
using System.Linq;
using Mk.Bench;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class BenchTests
{
    [Test]
    public void TheFileOfFiguresIsReadAndKnowsEveryLimit()
    {
        var figures = BenchFigure.Parse(File.ReadLines(Repository.InRoot("bench/figures.txt"))).ToDictionary(static f => f.Key);
        Assert.That(figures["xen_version"], Is.EqualTo(new BenchFigure("xen_version", 250, 5830, "hypercall xen_version")));
        Assert.That(figures["sched_op yield"].Limit, Is.Null);
        Assert.That(figures.Values.Count(static f => f.Limit is not null), Is.EqualTo(15));
    }

    [Test]
    public void ALineWithoutFourFieldsIsRefused() =>
        Assert.That(static () => BenchFigure.Parse(["a | 1 | 2"]), Throws.TypeOf<InvalidDataException>());

    [Test]
    public void FiguresAreReadFromGuestsAndCore()
    {
        var read = BenchRun.Read(
            "bench overhead: 3\r\nbench event to self, upcall: 780\r\nno bench x: 4\n"
            + "(core) boot: instructions 12,345,678, waits 900\n(core) memory: core takes 9000 KiB of 3145728 KiB\n");
        Assert.That(read.Select(static r => (r.Key, r.Value)), Is.EqualTo(new[]
        {
            ("overhead", 3L), ("event to self, upcall", 780L), ("boot instructions", 12345678L), ("boot waits", 900L), ("core memory KiB", 9000L),
        }));
    }
}
