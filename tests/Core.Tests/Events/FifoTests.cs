using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Events;

/// <summary>The FIFO ABI seen by a guest that takes events from its queues as the ABI's description says.</summary>
public sealed class FifoTests
{
    private const ulong ControlGfn = 100;
    private const ulong ArrayGfn = 200;
    private const uint Pending = 1u << 31;
    private const uint Masked = 1u << 30;
    private const uint Linked = 1u << 29;
    private const uint LinkMask = (1u << 17) - 1;

    private readonly uint[,] _heads = new uint[2, 16];
    private TestHost _host = null!;
    private EventGuest _guest = null!;

    [SetUp]
    public void MakeGuest()
    {
        _host = new TestHost(domains: 1, vcpus: 2);
        _guest = new EventGuest(_host, 0);
        Array.Clear(_heads);
    }

    [Test]
    public void ArgumentsAreCheckedAsOnXen()
    {
        Assert.That(_guest.ExpandArray(ArrayGfn), Is.EqualTo(XenError.EOPNOTSUPP), "not yet FIFO");
        Assert.That(_guest.InitControl(ControlGfn, 0, 2), Is.EqualTo(XenError.ENOENT));
        Assert.That(_guest.InitControl(ControlGfn, 4096 - 64, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_guest.InitControl(ControlGfn, 4, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_guest.InitControl(1 << 30, 0, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_guest.Domain.Events.IsFifo, Is.False);
        Assert.That(_guest.InitControl(ControlGfn, 0, 0), Is.Zero);
        Assert.That(_guest.InitControl(ControlGfn, 128, 0), Is.EqualTo(XenError.EINVAL), "only once");
        Assert.That(_guest.ExpandArray(1 << 30), Is.EqualTo(XenError.EINVAL));
        uint port = (uint)_guest.BindIpi(0);
        Assert.That(_guest.SetPriority(port, 16), Is.EqualTo(XenError.EINVAL));
        Assert.That(_guest.SetPriority(port + 1000, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_guest.SetPriority(port, 15), Is.Zero);
    }

    [Test]
    public void PriorityNeedsFifo() => Assert.That(_guest.SetPriority((uint)_guest.BindIpi(0), 3), Is.EqualTo(XenError.ENOSYS));

    [Test]
    public void WhatWasPendingBeforeIsPendingAfterwards()
    {
        uint port = (uint)_guest.BindIpi(0);
        _guest.SetMask(port, true);
        Assert.That(_guest.Send(port), Is.Zero);
        Assert.That(_guest.InitControl(ControlGfn, 0, 0), Is.Zero);
        _guest.ClearUpcall(0);
        Assert.That(_guest.ExpandArray(ArrayGfn), Is.Zero);
        Assert.That(_guest.IsUpcallPending(0));
        Assert.That(Take(0), Is.EqualTo(port));
    }

    [Test]
    public void ThereAre131072PortsAndNoPageMore()
    {
        Assert.That(_guest.InitControl(ControlGfn, 0, 0), Is.Zero);
        for (ulong i = 0; i < 128; i++)
        {
            Assert.That(_guest.ExpandArray(ArrayGfn + i), Is.Zero);
        }

        Assert.That(_guest.ExpandArray(ArrayGfn + 128), Is.EqualTo(XenError.ENOSPC));
        for (uint port = 1; port <= 5000; port++)
        {
            Assert.That(_guest.BindIpi(0), Is.EqualTo(port));
        }

        Assert.That(_guest.Send(5000), Is.Zero);
        Assert.That(Take(0), Is.EqualTo(5000));
        ulong pins = _guest.Domain.Memory.Pins;
        Assert.That(_guest.Reset(), Is.Zero);
        Assert.That(_guest.Domain.Events.IsFifo, Is.False);
        Assert.That(_guest.Domain.Memory.Pins, Is.EqualTo(pins - 129));
    }

    [Test]
    public void AClosedPortThatIsStillLinkedIsNotGivenOut()
    {
        Start(ports: 2);
        Assert.That(_guest.Send(1), Is.Zero);
        Assert.That(_guest.Close(1), Is.Zero);
        Assert.That(_guest.BindIpi(0), Is.EqualTo(3));
        Assert.That(Take(0), Is.Zero, "not pending any more");
        Assert.That(_guest.BindIpi(0), Is.EqualTo(1));
    }

    [Test]
    public void EventsComeInTheModelsOrder([Range(1, 30)] int seed)
    {
        const int ports = 20;
        Start(ports);
        Random random = new(seed);
        List<uint>[] queues = [.. Enumerable.Range(0, 16).Select(_ => new List<uint>())];
        byte[] priorities = [.. Enumerable.Repeat((byte)7, ports + 1)];
        HashSet<uint> masked = [];
        HashSet<uint> pending = [];

        void Raise(uint port)
        {
            pending.Add(port);
            if (!masked.Contains(port) && !queues.Any(q => q.Contains(port)))
            {
                queues[priorities[port]].Add(port);
            }
        }

        for (int step = 0; step < 1000; step++)
        {
            uint port = (uint)random.Next(1, ports + 1);
            switch (random.Next(8))
            {
                case < 4:
                    Assert.That(_guest.Send(port), Is.Zero);
                    Raise(port);
                    break;
                case 4:
                    priorities[port] = (byte)random.Next(16);
                    Assert.That(_guest.SetPriority(port, priorities[port]), Is.Zero);
                    break;
                case 5:
                    Word(port) |= Masked;
                    masked.Add(port);
                    break;
                case 6:
                    Assert.That(_guest.Unmask(port), Is.Zero);
                    masked.Remove(port);
                    if (pending.Contains(port))
                    {
                        Raise(port);
                    }

                    break;
                default:
                    Assert.That(Take(0), Is.EqualTo(TakeFrom(queues, masked, pending)), $"step {step}");
                    break;
            }
        }
    }

    [Test]
    public void AHostileGuestHurtsOnlyItself([Range(1, 10)] int seed)
    {
        Start(ports: 50);
        Random random = new(seed);
        byte[] before = _host.Page(0, ArrayGfn + 1).ToArray();
        for (int step = 0; step < 3000; step++)
        {
            Word((uint)random.Next(1024)) = (uint)random.NextInt64(1L << 32);
            MemoryMarshal.Cast<byte, uint>(_host.Page(0, ControlGfn))[random.Next(18)] = (uint)random.NextInt64(1L << 32);
            uint port = (uint)random.Next(1, 51);
            long result = random.Next(5) switch
            {
                0 => _guest.Unmask(port),
                1 => _guest.SetPriority(port, (uint)random.Next(16)),
                2 => Math.Min(0, _guest.Close(port)),
                3 => Math.Min(0, _guest.BindIpi((uint)random.Next(2))),
                _ => _guest.Send(port),
            };
            Assert.That(result, Is.AnyOf(0, XenError.EINVAL), $"step {step}");
        }

        Assert.That(_host.Page(0, ArrayGfn + 1).SequenceEqual(before), "nothing behind the array was written");
    }

    private static uint TakeFrom(List<uint>[] queues, HashSet<uint> masked, HashSet<uint> pending)
    {
        foreach (List<uint> queue in queues)
        {
            while (queue.Count > 0)
            {
                uint port = queue[0];
                queue.RemoveAt(0);
                if (!masked.Contains(port) && pending.Remove(port))
                {
                    return port;
                }
            }
        }

        return 0;
    }

    private void Start(int ports)
    {
        Assert.That(_guest.InitControl(ControlGfn, 0, 0), Is.Zero);
        Assert.That(_guest.ExpandArray(ArrayGfn), Is.Zero);
        for (int i = 1; i <= ports; i++)
        {
            Assert.That(_guest.BindIpi(0), Is.EqualTo(i));
        }
    }

    private ref uint Word(uint port) =>
        ref MemoryMarshal.Cast<byte, uint>(_host.Page(0, ArrayGfn + (port / 1024)))[(int)(port % 1024)];

    // Takes the next event of a vCPU, highest priority first; 0 when its queues are empty.
    private uint Take(int vcpu)
    {
        Span<uint> block = MemoryMarshal.Cast<byte, uint>(_host.Page(0, ControlGfn));
        for (int priority = 0; priority < 16; priority++)
        {
            while ((block[0] & (1u << priority)) != 0 || _heads[vcpu, priority] != 0)
            {
                uint port = _heads[vcpu, priority] != 0 ? _heads[vcpu, priority] : block[2 + priority];
                uint word = Word(port);
                Word(port) = word & ~(Linked | LinkMask);
                _heads[vcpu, priority] = word & LinkMask;
                if ((word & LinkMask) == 0)
                {
                    block[0] &= ~(1u << priority);
                }

                if ((word & (Pending | Masked)) == Pending)
                {
                    Word(port) &= ~Pending;
                    return port;
                }
            }
        }

        return 0;
    }
}
