using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Dispatch;

[TestFixture]
public sealed class RunQueueTests
{
    [FsCheck.NUnit.Property]
    public void GivesTheLeastVirtualTimeFirstWhateverWasAddedAndRemoved(ushort[] times, byte[] removals)
    {
        TestHost host = new(domains: 1, vcpus: 32);
        RunQueue queue = new(32);
        List<Vcpu> model = [];
        foreach ((Vcpu vcpu, ushort time) in host.Domain(0).Vcpus.ToArray().Zip(times))
        {
            vcpu.Scheduling.VirtualTime = time;
            queue.Add(vcpu);
            model.Add(vcpu);
        }

        foreach (byte removal in removals.Where(_ => model.Count > 0))
        {
            Vcpu victim = model[removal % model.Count];
            queue.Remove(victim);
            model.Remove(victim);
        }

        Assert.That(queue.Count, Is.EqualTo(model.Count));
        foreach (ulong expected in model.Select(vcpu => vcpu.Scheduling.VirtualTime).Order().ToArray())
        {
            Vcpu? taken = queue.Take();
            Assert.That(taken!.Scheduling.VirtualTime, Is.EqualTo(expected));
            Assert.That(taken.Scheduling.HeapIndex, Is.EqualTo(-1));
        }

        Assert.That(queue.Take(), Is.Null);
    }
}
