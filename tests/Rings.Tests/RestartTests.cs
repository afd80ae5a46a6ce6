using System;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Microkernel.Rings.Tests;

/// <summary>Both sides restart, and end sessions, at random moments: no message gets into another session, and in the end they meet.</summary>
public sealed class RestartTests
{
    private const int Steps = 4000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Test]
    public void SidesThatRestartAtRandomMomentsFindEachOtherAgain([Range(1, 4)] int seed)
    {
        var wire = new LocalWire(RendezvousLayout.Size + 1024);
        RestartingSide first = new(wire, isSecond: false, seed), second = new(wire, isSecond: true, -seed);
        int over = 0;
        Task[] runs = [Run(first), Run(second)];
        Assert.That(Task.WaitAll(runs, Long), Is.True, "somebody sleeps for ever");
        TestContext.Out.WriteLine($"{first.Incarnations} and {second.Incarnations} incarnations, {first.Sessions} and {second.Sessions} sessions, {first.Received + second.Received} messages");
        Assert.That(Math.Min(first.Sessions, second.Sessions), Is.GreaterThan(10));
        first.Stop();
        second.Stop();

        Task Run(RestartingSide side) => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < Steps; i++)
                    side.Step(mayRestart: true);
                // Until both have had enough of the last session: who stops alone would end it.
                bool isDone = false;
                while (Volatile.Read(ref over) < 2)
                {
                    side.Step(mayRestart: false);
                    if (!isDone && side.ReceivedNow >= 50)
                    {
                        isDone = true;
                        Interlocked.Increment(ref over);
                    }
                }
            },
            TaskCreationOptions.LongRunning);
    }
}
