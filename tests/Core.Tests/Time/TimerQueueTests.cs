using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Time;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Time;

[TestFixture]
public sealed class TimerQueueTests
{
    [FsCheck.NUnit.Property]
    public void TimersFireInOrderAndOnlyWhenDue(uint[] deadlines, byte[] cancelled, uint now)
    {
        FakeMachine machine = new();
        TimerQueue queue = new(machine);
        queue.Reserve(deadlines.Length + 1);
        List<ulong> fired = [];
        Probe[] timers = [.. deadlines.Select(_ => new Probe(fired))];
        for (int i = 0; i < timers.Length; i++)
        {
            queue.Arm(timers[i], deadlines[i]);
        }

        foreach (int index in cancelled.Select(c => (int)c).Where(c => c < timers.Length))
        {
            TimerQueue.Cancel(timers[index]);
        }

        ulong[] armed = [.. timers.Where(timer => timer.IsArmed).Select(timer => timer.Deadline).Order()];
        Assert.That(queue.NextDeadline, Is.EqualTo(armed.FirstOrDefault(ulong.MaxValue)));
        machine.Tsc = now;
        queue.Expire();
        Assert.That(fired, Is.EqualTo(armed.Where(deadline => deadline <= now)));
    }

    [Test]
    public void ArmingAgainMovesTheTimer()
    {
        FakeMachine machine = new();
        TimerQueue first = new(machine);
        TimerQueue second = new(machine);
        List<ulong> fired = [];
        Probe timer = new(fired);
        first.Arm(timer, 10);
        second.Arm(timer, 20);
        Assert.That(first.NextDeadline, Is.EqualTo(ulong.MaxValue));
        machine.Tsc = 20;
        first.Expire();
        Assert.That(fired, Is.Empty);
        second.Expire();
        Assert.That(fired, Is.EqualTo(new ulong[] { 20 }));
    }

    private sealed class Probe(List<ulong> fired) : Timer
    {
        protected internal override void Fire() => fired.Add(Deadline);
    }
}
