using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;
using Microkernel.Rpc;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.ServiceProbe;

/// <summary>What a service has by the manifest: kept memory, a device, and rings, over which two probes call each other.</summary>
internal static class Peers
{
    private const int Calls = 300, WarmUp = 100;
    private const uint Pattern = 0xDECADE;

    internal static async Task RunAsync(ServiceHost host)
    {
        host.Log.Info($"entry {host.Info.Entry} with {host.Info.Privileges}, guests from {host.Info.FirstGuest}");
        uint incarnation = Incarnation(host);
        if (host.Info.Devices > 0)
            UseDevice(host);
        RingEndpoint[] peers = [.. host.Rings.Select(ring => host.Connect(ring.PeerName))];
        host.Serve();
        foreach (RingEndpoint peer in peers.Where(_ => !host.Arguments.Contains("answer")))
            await CallAsync(host, new Protos.Health.Health.HealthClient(peer.CallInvoker));
        if (host.Arguments.Contains("crash-once") && incarnation == 1)
            throw new InvalidDataException("crash on purpose");
    }

    /// <summary>Counts in kept memory.</summary>
    private static uint Incarnation(ServiceHost host)
    {
        if (host.Info.KeptPages == 0)
            return 0;
        using MappedPages kept = host.Calls.MapKept(host.Info);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(kept.Bytes) + 1;
        BinaryPrimitives.WriteUInt32LittleEndian(kept.Bytes, count);
        host.Log.Info($"kept: incarnation {count}");
        return count;
    }

    private static void UseDevice(ServiceHost host)
    {
        DeviceInfo device = host.Calls.GetDevice(0);
        using MappedPages memory = DeviceMemory.Map(device.Address, device.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.Bytes[^4..], Pattern);
        if (BinaryPrimitives.ReadUInt32LittleEndian(memory.Bytes[^4..]) != Pattern)
            throw new InvalidDataException("the device's memory does not keep what is written");
        host.Log.Info($"device: {device.Size} bytes: ok");
    }

    /// <summary>Calls a peer until it has answered often enough, however often it starts again meanwhile.</summary>
    private static async Task CallAsync(ServiceHost host, Protos.Health.Health.HealthClient peer)
    {
        ulong uptime = 0;
        long start = 0;
        int wanted = host.Arguments.Contains("until-restart") ? int.MaxValue : Calls + 1;
        for (int i = 0; i < wanted; i++)
        {
            CheckResponse response = await CheckAsync(host, peer);
            if (i == 0)
                host.Log.Info("ring: answers");
            if (i == WarmUp)
                start = Stopwatch.GetTimestamp();
            if (i == Calls)
                host.Log.Info($"ring: {(long)Stopwatch.GetElapsedTime(start).TotalNanoseconds / (Calls - WarmUp)} ns a call");
            if (response.UptimeNs < uptime)
                break;
            uptime = response.UptimeNs;
        }
        host.Log.Info("ring: done");
    }

    private static async Task<CheckResponse> CheckAsync(ServiceHost host, Protos.Health.Health.HealthClient peer)
    {
        while (true)
        {
            try
            {
                return await peer.CheckAsync(new CheckRequest(), new CallOptions(deadline: DateTime.UtcNow.AddSeconds(60)).WithWaitForReady());
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                host.Log.Info($"ring: {e.Status.Detail}");
            }
        }
    }
}
