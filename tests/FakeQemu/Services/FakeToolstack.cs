using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Toolstack;

namespace FakeQemu.Services;

/// <summary>The toolstack of <see cref="FakeSystem"/>.</summary>
internal sealed class FakeToolstack(FakeSystem system) : Toolstack.ToolstackBase
{
    private readonly Dictionary<ulong, (byte[] Hash, byte[] Data, int Have)> _uploads = [];

    public override Task<BeginUploadResponse> BeginUpload(BeginUploadRequest request, ServerCallContext context)
    {
        system.Enter(context);
        string hash = Convert.ToHexString(request.Sha256.Span);
        lock (system.Lock)
        {
            if (system.Files.ContainsKey(hash))
                return Task.FromResult(new BeginUploadResponse { Upload = 1, Have = request.Size });
            ulong upload = (ulong)_uploads.Count + 2;
            _uploads[upload] = (request.Sha256.ToByteArray(), new byte[request.Size], 0);
            return Task.FromResult(new BeginUploadResponse { Upload = upload });
        }
    }

    public override Task<UploadResponse> Upload(UploadRequest request, ServerCallContext context)
    {
        system.Enter(context);
        lock (system.Lock)
        {
            (byte[] hash, byte[] data, int have) = _uploads[request.Upload];
            if ((int)request.Offset > have)
                throw new RpcException(new Status(StatusCode.OutOfRange, $"the next part is due at {have}"));
            request.Data.Span.CopyTo(data.AsSpan((int)request.Offset));
            have = Math.Max(have, (int)request.Offset + request.Data.Length);
            _uploads[request.Upload] = (hash, data, have);
            if (have == data.Length && SHA256.HashData(data).SequenceEqual(hash))
                system.Files[Convert.ToHexString(hash)] = data;
            return Task.FromResult(new UploadResponse { Have = (ulong)have });
        }
    }

    public override async Task Create(CreateRequest request, IServerStreamWriter<CreateProgress> responseStream, ServerCallContext context)
    {
        system.Enter(context);
        if (!system.Files.ContainsKey(Convert.ToHexString(request.Config.KernelSha256.Span)))
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "the kernel is not in the host's store: upload it first"));
        if (system.Guests.Exists(g => g.Name == request.Config.Name))
            throw new RpcException(new Status(StatusCode.AlreadyExists, $"there is a guest named '{request.Config.Name}' already"));
        foreach (uint percent in new uint[] { 5, 50, 90 })
            await responseStream.WriteAsync(new CreateProgress { Step = "loading", Percent = percent });
        uint domain = system.Add(request.Config, request.IsPaused ? GuestState.Paused : GuestState.Running).Domain;
        await responseStream.WriteAsync(new CreateProgress { Step = "done", Percent = 100, Domain = domain });
    }

    public override Task<ListResponse> List(ListRequest request, ServerCallContext context)
    {
        system.Enter(context);
        lock (system.Lock)
        {
            IEnumerable<GuestInfo> all = request.Guests.Count == 0 ? system.Guests : request.Guests.Select(system.Find);
            // Two at a time, so that lists come in parts.
            GuestInfo[] rest = [.. all.Where(g => g.Domain >= request.FromDomain)];
            return Task.FromResult(new ListResponse { Guests = { rest.Take(2) }, NextDomain = rest.Length > 2 ? rest[2].Domain : 0 });
        }
    }

    public override Task<PauseResponse> Pause(PauseRequest request, ServerCallContext context)
    {
        system.Enter(context);
        system.Find(request.Guest).State = GuestState.Paused;
        return Task.FromResult(new PauseResponse());
    }

    public override Task<UnpauseResponse> Unpause(UnpauseRequest request, ServerCallContext context)
    {
        system.Enter(context);
        system.Find(request.Guest).State = GuestState.Running;
        return Task.FromResult(new UnpauseResponse());
    }

    public override async Task<ShutdownResponse> Shutdown(ShutdownRequest request, ServerCallContext context)
    {
        system.Enter(context);
        GuestInfo guest = system.Find(request.Guest);
        if (request.Waits && !system.GuestsListen)
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        if (!request.IsReboot)
            Remove(guest);
        return new ShutdownResponse();
    }

    public override Task<DestroyResponse> Destroy(DestroyRequest request, ServerCallContext context)
    {
        system.Enter(context);
        Remove(system.Find(request.Guest));
        return Task.FromResult(new DestroyResponse());
    }

    public override Task<RenameResponse> Rename(RenameRequest request, ServerCallContext context)
    {
        system.Enter(context);
        system.Find(request.Guest).Name = request.Name;
        return Task.FromResult(new RenameResponse());
    }

    public override Task<SetMemoryResponse> SetMemory(SetMemoryRequest request, ServerCallContext context)
    {
        system.Enter(context);
        GuestInfo guest = system.Find(request.Guest);
        if (request.HasTargetBytes)
            guest.MemoryBytes = request.TargetBytes;
        if (request.HasMaximumBytes)
            guest.MaximumMemoryBytes = request.MaximumBytes;
        return Task.FromResult(new SetMemoryResponse { TargetBytes = guest.MemoryBytes, MaximumBytes = guest.MaximumMemoryBytes });
    }

    public override Task<SetVcpusResponse> SetVcpus(SetVcpusRequest request, ServerCallContext context)
    {
        system.Enter(context);
        foreach (VcpuInfo vcpu in system.Find(request.Guest).Vcpus)
            vcpu.IsOnline = vcpu.Vcpu < request.Vcpus;
        return Task.FromResult(new SetVcpusResponse());
    }

    public override Task<GetHostResponse> GetHost(GetHostRequest request, ServerCallContext context)
    {
        system.Enter(context);
        return Task.FromResult(new GetHostResponse
        {
            CoreVersion = "microkernel 0.3",
            Cpus = 2,
            CpuKhz = 2_445_404,
            TotalBytes = 3UL << 30,
            FreeBytes = 2UL << 30,
            UptimeNs = 100_000_000_000,
            Capabilities = { "hvm-3.0-x86_64" },
        });
    }

    public override Task<ReadLogResponse> ReadLog(ReadLogRequest request, ServerCallContext context)
    {
        system.Enter(context);
        const int Part = 8;
        byte[] log = Encoding.UTF8.GetBytes(system.Log);
        byte[] part = log[(int)request.Index..Math.Min(log.Length, (int)request.Index + Part)];
        if (request.Clear)
            system.Log = "";
        return Task.FromResult(new ReadLogResponse { Log = ByteString.CopyFrom(part), NextIndex = request.Index + (uint)part.Length });
    }

    public override Task<AuditResponse> Audit(AuditRequest request, ServerCallContext context)
    {
        system.Enter(context);
        return Task.FromResult(new AuditResponse { Violations = system.Violations, FreeBytes = 5 << 20 });
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<GuestEvent> responseStream, ServerCallContext context)
    {
        system.Enter(context);
        var events = Channel.CreateUnbounded<GuestEvent>();
        lock (system.Lock)
            system.Listeners.Add(events);
        await responseStream.WriteAsync(new GuestEvent { Kind = GuestEventKind.Watching });
        await foreach (GuestEvent happened in events.Reader.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(happened);
    }

    private void Remove(GuestInfo guest)
    {
        lock (system.Lock)
            system.Guests.Remove(guest);
    }
}
