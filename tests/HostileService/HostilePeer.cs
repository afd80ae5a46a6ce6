using System;
using System.Buffers.Binary;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;
using Microkernel.Rings;
using Microkernel.Rpc;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>The other side of a ring, at its worst.</summary>
internal static class HostilePeer
{
    private const int Frames = 8, FrameSize = 512, Calls = 3000, Rings = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), ScribbleTime = TimeSpan.FromSeconds(2);

    /// <summary>Meets the peer and sends it frames that are no messages.</summary>
    internal static Task SendGarbageAsync(ServiceHost host, RingInfo ring) => Task.Run(() =>
    {
        var random = new Random(1);
        using var rendezvous = new RingRendezvous(XenRingWiring.Open(host.Calls, ring));
        RingConnection connection = rendezvous.Meet(Patience) ?? throw new TimeoutException($"{ring.PeerName} is not there");
        byte[] frame = new byte[FrameSize];
        RingResult last = RingResult.Done;
        for (int i = 0; i < Frames && last == RingResult.Done; i++)
        {
            random.NextBytes(frame);
            last = connection.Send(frame, TimeSpan.FromSeconds(1));
        }

        // Until the peer has had enough.
        byte[] answer = new byte[connection.LargestMessage];
        while (last == RingResult.Done)
            last = connection.Receive(answer, out _, Patience);
        if (last != RingResult.Closed)
            throw new TimeoutException($"{ring.PeerName} stands garbage: {last}");
        host.Log.Info($"{ring.PeerName} has closed its ring on garbage");
    });

    /// <summary>Writes anything anywhere into a ring that is in use, indices too, and rings its bell all the time.</summary>
    internal static void Scribble(ServiceHost host, RingInfo ring)
    {
        var random = new Random(2);
        using MappedPages memory = host.Calls.MapRing(ring);
        using XenRingWiring bell = XenRingWiring.Open(host.Calls, ring);
        uint port = bell.Listen();
        long start = Environment.TickCount64;
        while (Environment.TickCount64 - start < ScribbleTime.TotalMilliseconds)
        {
            random.NextBytes(memory.Bytes.Slice(random.Next(memory.Bytes.Length / 64) * 64, 64));
            random.NextBytes(memory.Bytes[..(2 * RendezvousLayout.SideSize)]);
            // Now and then a port that is there.
            if (random.Next(2) == 0)
                BinaryPrimitives.WriteUInt32LittleEndian(memory.Bytes[RendezvousLayout.Port..], port);
            bell.Ring();
        }

        for (int i = 0; i < Rings; i++)
            bell.Ring();
        host.Log.Info($"{ring.PeerName} had its ring scribbled over");
    }

    /// <summary>Whom it can call, and must be able to whatever it does to others.</summary>
    internal static async Task AnswersAsync(CallInvoker peer, Attempts attempts)
    {
        CheckResponse response = await new Health.HealthClient(peer.WithRetries(Patience)).CheckAsync(
            new CheckRequest(), new CallOptions(deadline: DateTime.UtcNow + Patience).WithWaitForReady());
        attempts.Holds("a service answers", response.Condition == Condition.Serving);
    }

    /// <summary>More calls at a time than anybody serves.</summary>
    internal static async Task FloodAsync(ServiceHost host, CallInvoker peer)
    {
        var health = new Health.HealthClient(peer);
        StatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Task.Run(async () =>
        {
            try
            {
                await health.CheckAsync(new CheckRequest(), deadline: DateTime.UtcNow + Patience);
                return StatusCode.OK;
            }
            catch (RpcException e)
            {
                return e.StatusCode;
            }
        })));
        host.Log.Info("flood: " + string.Join(", ", answers.CountBy(static a => a).Select(static a => $"{a.Value} {a.Key}")));
    }
}
