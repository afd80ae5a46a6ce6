using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Events;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Events;

/// <summary>Random calls of two domains against a model that keeps everything in sets and dictionaries.</summary>
public sealed class EventModelTests
{
    private const int Ports = 12;

    private sealed class Port
    {
        public uint State;
        public int Peer;
        public uint PeerPort;
        public uint Virq;
        public int Vcpu;
    }

    private sealed class Model
    {
        public readonly SortedDictionary<uint, Port> Ports = [];
        public readonly HashSet<uint> Pending = [];
        public readonly HashSet<uint> Masked = [];
        public readonly HashSet<int> Told = [];
        public readonly bool[] Selected = new bool[2];

        public uint Add(Port port)
        {
            uint number = 1;
            while (Ports.ContainsKey(number))
            {
                number++;
            }

            Ports[number] = port;
            return number;
        }

        public void Raise(uint port)
        {
            if (Pending.Add(port) && !Masked.Contains(port))
            {
                Tell(Ports[port].Vcpu);
            }
        }

        public void Unmask(uint port)
        {
            if (Masked.Remove(port) && Pending.Contains(port))
            {
                Tell(Ports.TryGetValue(port, out Port? known) ? known.Vcpu : 0);
            }
        }

        // All ports of the test are in the first word of the bitmap.
        private void Tell(int vcpu)
        {
            if (!Selected[vcpu])
            {
                Selected[vcpu] = true;
                Told.Add(vcpu);
            }
        }
    }

    private readonly Model[] _models = [new(), new()];
    private EventGuest[] _guests = [];
    private Random _random = new(0);

    [Test]
    public void TwoDomainsDoWhatTheModelDoes([Range(1, 20)] int seed, [Values] bool is32)
    {
        TestHost host = new(domains: 2, vcpus: 2);
        _random = new Random(seed);
        _guests = [new EventGuest(host, 0) { Is32 = is32 }, new EventGuest(host, 1) { Is32 = is32 }];
        foreach (EventGuest guest in _guests)
        {
            SharedInfo.Latch(guest.Domain, is32);
        }

        for (int i = 0; i < 2; i++)
        {
            _models[i] = new Model();
        }

        for (int step = 0; step < 400; step++)
        {
            string done = Step(_random.Next(2));
            for (int i = 0; i < 2; i++)
            {
                Compare(_guests[i], _models[i], $"step {step}, {done}, domain {i}");
            }
        }
    }

    private string Step(int who)
    {
        EventGuest guest = _guests[who];
        Model model = _models[who];
        uint port = (uint)_random.Next(1, Ports);
        switch (_random.Next(11))
        {
            case 0 when model.Ports.Count < Ports - 1:
                int peer = _random.Next(2);
                Assert.That(guest.AllocUnbound(_guests[peer].Id), Is.EqualTo(model.Add(new Port { State = 1, Peer = peer })));
                return "alloc";
            case 1 when model.Ports.Count < Ports - 1:
                return Bind(who, _random.Next(2), port);
            case 2 when model.Ports.Count < Ports - 1:
                return BindVirq(guest, model, (uint)_random.Next(4), _random.Next(3));
            case 3 when model.Ports.Count < Ports - 1:
                int vcpu = _random.Next(2);
                Assert.That(guest.BindIpi((uint)vcpu), Is.EqualTo(model.Add(new Port { State = 5, Vcpu = vcpu })));
                return "ipi";
            case 4:
                return Close(who, port);
            case 5:
                guest.SetMask(port, true);
                model.Masked.Add(port);
                return "mask";
            case 6 when guest.StateOf(port) >= 0:
                Assert.That(guest.Unmask(port), Is.Zero);
                model.Unmask(port);
                return "unmask";
            case 7:
                guest.Clear(port);
                model.Pending.Remove(port);
                return "clear";
            case 8:
                return BindVcpu(guest, model, port, _random.Next(2));
            case 9:
                guest.ClearUpcall(0);
                guest.ClearUpcall(1);
                model.Told.Clear();
                model.Selected.AsSpan().Clear();
                return "upcall taken";
            default:
                return Send(who, port);
        }
    }

    private string Bind(int who, int to, uint port)
    {
        long result = _guests[who].BindInterdomain(_guests[to].Id, port);
        if (!_models[to].Ports.TryGetValue(port, out Port? other) || other.State != 1 || other.Peer != who)
        {
            Assert.That(result, Is.EqualTo(XenError.EINVAL));
            return "bad bind";
        }

        uint number = _models[who].Add(new Port { State = 2, Peer = to, PeerPort = port });
        Assert.That(result, Is.EqualTo(number));
        other.State = 2;
        other.PeerPort = number;
        _models[who].Raise(number);
        return "bind";
    }

    private static string BindVirq(EventGuest guest, Model model, uint virq, int vcpu)
    {
        bool perVcpu = virq < 2;
        long result = guest.BindVirq(virq, (uint)vcpu);
        if (!perVcpu && vcpu != 0)
        {
            Assert.That(result, Is.EqualTo(XenError.EINVAL));
        }
        else if (vcpu > 1)
        {
            Assert.That(result, Is.EqualTo(XenError.ENOENT));
        }
        else if (model.Ports.Values.Any(p => p.State == 4 && p.Virq == virq && (!perVcpu || p.Vcpu == vcpu)))
        {
            Assert.That(result, Is.EqualTo(XenError.EEXIST));
        }
        else
        {
            Assert.That(result, Is.EqualTo(model.Add(new Port { State = 4, Virq = virq, Vcpu = vcpu })));
        }

        return "virq";
    }

    private string Close(int who, uint port)
    {
        Model model = _models[who];
        bool exists = model.Ports.Remove(port, out Port? closed);
        Assert.That(_guests[who].Close(port), Is.EqualTo(exists ? 0 : XenError.EINVAL));
        if (!exists)
        {
            return "bad close";
        }

        model.Pending.Remove(port);
        if (closed!.State == 2)
        {
            Port other = _models[closed.Peer].Ports[closed.PeerPort];
            other.State = 1;
            other.Peer = who;
        }

        return "close";
    }

    private static string BindVcpu(EventGuest guest, Model model, uint port, int vcpu)
    {
        bool may = model.Ports.TryGetValue(port, out Port? known)
            && (known.State is 1 or 2 || (known.State == 4 && known.Virq >= 2));
        Assert.That(guest.BindVcpu(port, (uint)vcpu), Is.EqualTo(may ? 0 : XenError.EINVAL));
        if (may)
        {
            known!.Vcpu = vcpu;
        }

        return "bind_vcpu";
    }

    private string Send(int who, uint port)
    {
        uint state = _models[who].Ports.TryGetValue(port, out Port? known) ? known.State : 0;
        Assert.That(_guests[who].Send(port), Is.EqualTo(state is 1 or 2 or 5 ? 0 : XenError.EINVAL));
        if (state == 2)
        {
            _models[known!.Peer].Raise(known.PeerPort);
        }
        else if (state == 5)
        {
            _models[who].Raise(port);
        }

        return $"send {port}";
    }

    private void Compare(EventGuest guest, Model model, string when)
    {
        for (uint port = 1; port < Ports; port++)
        {
            model.Ports.TryGetValue(port, out Port? expected);
            long state = guest.Status(port, out EventChannelAbi.StatusArgument status);
            Assert.That(state == 0 ? status.Status : 0, Is.EqualTo(expected?.State ?? 0), when);
            Assert.That(guest.IsPending(port), Is.EqualTo(model.Pending.Contains(port)), when);
            Assert.That(guest.IsMasked(port), Is.EqualTo(model.Masked.Contains(port)), when);
            if (expected != null)
            {
                Assert.That(status.Vcpu, Is.EqualTo(expected.Vcpu), when);
                Assert.That(expected.State is not (1 or 2) || (ushort)status.Peer == _guests[expected.Peer].Id, when);
                Assert.That(expected.State != 2 || status.PeerPort == expected.PeerPort, when);
            }
        }

        for (int vcpu = 0; vcpu < 2; vcpu++)
        {
            Assert.That(guest.Selector(vcpu), Is.EqualTo(model.Selected[vcpu] ? 1 : 0), when);
            Assert.That(guest.IsUpcallPending(vcpu), Is.EqualTo(model.Told.Contains(vcpu)), when);
        }
    }
}
