using System;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Mk.Boot;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>Creates a guest: brings its files in, and has the toolstack build it.</summary>
public sealed class GuestCreation
{
    private readonly SystemConnection _system;
    private readonly Action<string, double> _progress;

    /// <summary>Creates in a system.</summary>
    /// <param name="system">The system.</param>
    /// <param name="progress">Receives what is being done, and how much of it is done, from 0 to 1.</param>
    public GuestCreation(SystemConnection system, Action<string, double> progress) => (_system, _progress) = (system, progress);

    /// <summary>Creates a guest and starts it.</summary>
    /// <returns>Its domain.</returns>
    /// <exception cref="RpcException">It cannot be built; nothing of it is left.</exception>
    public async Task<uint> RunAsync(GuestConfig guest, bool isPaused)
    {
        var uploader = new Uploader(_system);
        Api.GuestConfig config = Describe(guest);
        config.KernelSha256 = await UploadAsync(uploader, "uploading the kernel", guest.KernelPath);
        if (guest.RamdiskPath is { } ramdisk)
            config.RamdiskSha256 = await UploadAsync(uploader, "uploading the ramdisk", ramdisk);
        var request = new Api.CreateRequest { Config = config, IsPaused = isPaused };
        using AsyncServerStreamingCall<Api.CreateProgress> call = _system.Toolstack.Create(request, _system.Long);
        uint? domain = null;
        while (await call.ResponseStream.MoveNext(_system.Cancellation))
        {
            Api.CreateProgress step = call.ResponseStream.Current;
            _progress("building", step.Percent / 100.0);
            if (step.HasDomain)
                domain = step.Domain;
        }
        return domain ?? throw new RpcException(new Status(StatusCode.Internal, "the toolstack has built the guest and does not say which domain it is"));
    }

    /// <summary>What the toolstack is told about a guest, without its files.</summary>
    public static Api.GuestConfig Describe(GuestConfig guest)
    {
        var config = new Api.GuestConfig
        {
            Name = guest.Name,
            CommandLine = guest.CommandLine,
            MemoryBytes = (ulong)guest.MemoryMiB * MemorySize.MiB,
            MaximumMemoryBytes = (ulong)guest.MaximumMemoryMiB * MemorySize.MiB,
            Vcpus = (uint)guest.Vcpus,
            MaximumVcpus = (uint)guest.MaximumVcpus,
            OnPoweroff = ActionOf(guest.OnPoweroff),
            OnReboot = ActionOf(guest.OnReboot),
            OnCrash = ActionOf(guest.OnCrash),
            LargestGrantVersion = guest.GrantV2 ? 2u : 1u,
            CpuPin = guest.CpuPin,
            CpuPool = guest.CpuPool,
            Uuid = guest.Uuid is { } uuid ? ByteString.CopyFrom(uuid.ToByteArray(bigEndian: true)) : ByteString.Empty,
        };
        if (guest.CpuWeight is { } weight)
            config.CpuWeight = weight;
        if (guest.CpuCap is { } cap)
            config.CpuCap = cap;
        return config;
    }

    private static Api.EndAction ActionOf(EndAction action) => action switch
    {
        EndAction.Destroy => Api.EndAction.Destroy,
        EndAction.Restart => Api.EndAction.Restart,
        EndAction.Preserve => Api.EndAction.Preserve,
        _ => Api.EndAction.RenameRestart,
    };

    private async Task<ByteString> UploadAsync(Uploader uploader, string what, string path)
    {
        _progress(what, 0);
        return await uploader.SendAsync(path, (have, size) => _progress(what, size == 0 ? 1 : (double)have / size));
    }
}
