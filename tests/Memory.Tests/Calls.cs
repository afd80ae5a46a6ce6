using System;
using System.Collections.Concurrent;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Domains;

namespace Microkernel.Services.Memory.Tests;

/// <summary>The service Memory over the model, as who builds guests calls it.</summary>
internal sealed class Calls
{
    internal const int PartSize = 20_000;

    internal Calls(FakeHypervisor hypervisor)
    {
        Hypervisor = hypervisor;
        Watcher = new DomainWatcher(hypervisor);
        Service = NewService();
    }

    internal FakeHypervisor Hypervisor { get; }

    internal FakeTime Time { get; } = new();

    internal ConcurrentQueue<string> Log { get; } = new();

    internal DomainWatcher Watcher { get; }

    internal GuestMemoryService Service { get; private set; }

    internal static byte[] Kernel { get; } = KernelImages.BzImage(60_000);

    internal static byte[] Ramdisk { get; } = KernelImages.Pattern(30_000, 9);

    internal static ClaimRequest ClaimOf(byte id) => new()
    {
        MemoryBytes = 8 << 20,
        MaximumMemoryBytes = 16 << 20,
        Vcpus = 1,
        MaximumVcpus = 2,
        CommandLine = "console=hvc0",
        Format = KernelFormat.Bzimage,
        RequestId = ByteString.CopyFrom([id, 1, 2, 3]),
        KernelBytes = (ulong)Kernel.Length,
        RamdiskBytes = (ulong)Ramdisk.Length,
    };

    /// <summary>The service dies and begins again.</summary>
    internal void Restart()
    {
        Service = NewService();
        Service.Recover();
    }

    internal async Task<DomainId> ClaimAsync(byte id) => (await Service.Claim(ClaimOf(id), null!)).Domain;

    internal Task<LoadResponse> LoadAsync(DomainId domain, Image image, int offset)
    {
        byte[] bytes = image == Image.Kernel ? Kernel : Ramdisk;
        int length = Math.Min(PartSize, bytes.Length - offset);
        return Service.Load(new LoadRequest { Domain = domain, Image = image, Offset = (ulong)offset, Data = ByteString.CopyFrom(bytes, offset, length) }, null!);
    }

    internal async Task LoadAllAsync(DomainId domain)
    {
        for (int at = 0; at < Kernel.Length; at += PartSize)
            await LoadAsync(domain, Image.Kernel, at);
        for (int at = 0; at < Ramdisk.Length; at += PartSize)
            await LoadAsync(domain, Image.Ramdisk, at);
    }

    internal Task<FinishResponse> FinishAsync(DomainId domain) => Service.Finish(new FinishRequest { Domain = domain }, null!);

    internal Task<DestroyResponse> DestroyAsync(DomainId domain) => Service.Destroy(new DestroyRequest { Domain = domain }, null!);

    internal async Task<DomainId> BuildAsync(byte id)
    {
        DomainId domain = await ClaimAsync(id);
        await LoadAllAsync(domain);
        await FinishAsync(domain);
        return domain;
    }

    internal static StatusCode CodeOf(Func<Task> call)
    {
        try
        {
            call().GetAwaiter().GetResult();
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private GuestMemoryService NewService() => new(Hypervisor, Watcher, new BackEnds(4, 2), Time, Log.Enqueue);
}
