using System;
using System.Linq;
using Microkernel.XenStore.Tests.Model;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests;

/// <summary>Random games of several clients, against a model written from the specification.</summary>
public sealed class ModelTests
{
    [FsCheck.NUnit.Property(MaxTest = 200, EndSize = 400)]
    public void AnyGameGoesAsInTheModel(int[] game) => new ModelRun().Play(game);

    [Test]
    public void LongGamesHaveBothKindsOfEnds()
    {
        int committed = 0, again = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            var run = new ModelRun();
            var random = new Random(seed);
            run.Play([.. Enumerable.Range(0, 5000).Select(_ => random.Next())]);
            committed += run.Ends.Committed;
            again += run.Ends.Again;
        }
        Assert.That(committed, Is.GreaterThan(500));
        Assert.That(again, Is.GreaterThan(50));
    }
}
