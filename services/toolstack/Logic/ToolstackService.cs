using System;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Guests;

namespace Microkernel.Services.Toolstack;

/// <summary>The calls of protos/microkernel/toolstack/v1.</summary>
internal sealed class ToolstackService : Protos.Toolstack.Toolstack.ToolstackBase
{
    private readonly Parts _parts;
    private readonly LifeCycle _lifeCycle;
    private readonly GuestControl _control;
    private readonly GuestShutdown _shutdown;
    private readonly GuestInfos _infos;
    private readonly Task _ready;

    internal ToolstackService(Parts parts, LifeCycle lifeCycle, GuestShutdown shutdown, Task ready)
    {
        _parts = parts;
        _lifeCycle = lifeCycle;
        _control = new GuestControl(parts, lifeCycle);
        _shutdown = shutdown;
        _infos = new GuestInfos(parts);
        _ready = ready;
    }

    public override Task<BeginUploadResponse> BeginUpload(BeginUploadRequest request, ServerCallContext context)
    {
        (ulong upload, long have) = _parts.Content.Begin(request.Sha256.Span, request.Size);
        return Task.FromResult(new BeginUploadResponse { Upload = upload, Have = (ulong)have });
    }

    public override Task<UploadResponse> Upload(UploadRequest request, ServerCallContext context)
    {
        long have = _parts.Content.Write(request.Upload, request.Offset, request.Data.Span);
        return Task.FromResult(new UploadResponse { Have = (ulong)have });
    }

    public override async Task Create(CreateRequest request, IServerStreamWriter<CreateProgress> responseStream, ServerCallContext context)
    {
        await _ready.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        // Through a queue: the build goes on while the operator's connection takes its time.
        var steps = Channel.CreateUnbounded<CreateProgress>();
        var progress = new BuildProgress((step, percent) => steps.Writer.TryWrite(new CreateProgress { Step = step, Percent = percent }));
        Task<uint> build = BuildAsync(request, progress, steps.Writer, context.CancellationToken);
        while (await steps.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (steps.Reader.TryRead(out CreateProgress? step))
                await WriteAsync(responseStream, step).ConfigureAwait(false);
        }

        uint domain = await build.ConfigureAwait(false);
        await responseStream.WriteAsync(new CreateProgress { Step = "done", Percent = 100, Domain = domain }).ConfigureAwait(false);
    }

    public override Task<ListResponse> List(ListRequest request, ServerCallContext context) =>
        WhenReady(context, () => Task.FromResult(_infos.List(request)));

    public override Task<PauseResponse> Pause(PauseRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _control.PauseAsync(request.Guest, context.CancellationToken).ConfigureAwait(false);
        return new PauseResponse();
    });

    public override Task<UnpauseResponse> Unpause(UnpauseRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _control.UnpauseAsync(request.Guest, context.CancellationToken).ConfigureAwait(false);
        return new UnpauseResponse();
    });

    public override Task<ShutdownResponse> Shutdown(ShutdownRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _shutdown.ShutDownAsync(request.Guest, request.IsReboot, request.Waits, context.CancellationToken).ConfigureAwait(false);
        return new ShutdownResponse();
    });

    public override Task<DestroyResponse> Destroy(DestroyRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _lifeCycle.DestroyAsync(request.Guest, context.CancellationToken).ConfigureAwait(false);
        return new DestroyResponse();
    });

    public override Task<RenameResponse> Rename(RenameRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _lifeCycle.RenameAsync(request.Guest, request.Name, context.CancellationToken).ConfigureAwait(false);
        return new RenameResponse();
    });

    public override Task<SetMemoryResponse> SetMemory(SetMemoryRequest request, ServerCallContext context) =>
        WhenReady(context, () => _control.SetMemoryAsync(request, context.CancellationToken));

    public override Task<SetVcpusResponse> SetVcpus(SetVcpusRequest request, ServerCallContext context) => WhenReady(context, async () =>
    {
        await _control.SetVcpusAsync(request.Guest, request.Vcpus, context.CancellationToken).ConfigureAwait(false);
        return new SetVcpusResponse();
    });

    public override Task<GetHostResponse> GetHost(GetHostRequest request, ServerCallContext context) => Translated(() =>
    {
        CoreHost host = _parts.Core.GetHost();
        return Task.FromResult(new GetHostResponse
        {
            CoreVersion = host.Version,
            Cpus = host.Cpus,
            CpuKhz = host.CpuKhz,
            TotalBytes = host.TotalBytes,
            FreeBytes = host.FreeBytes,
            UptimeNs = _parts.Core.Now,
            Capabilities = { host.Capabilities.Split(' ', StringSplitOptions.RemoveEmptyEntries) },
        });
    });

    public override Task<ReadLogResponse> ReadLog(ReadLogRequest request, ServerCallContext context) => Translated(() =>
    {
        CoreLogPart part = _parts.Core.ReadLog(request.Index, request.Clear);
        return Task.FromResult(new ReadLogResponse { Log = ByteString.CopyFrom(part.Text), NextIndex = part.NextIndex });
    });

    public override async Task Watch(WatchRequest request, IServerStreamWriter<GuestEvent> responseStream, ServerCallContext context)
    {
        ChannelReader<GuestEvent> events = _parts.Events.Listen(context.CancellationToken);
        while (await events.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (events.TryRead(out GuestEvent? happened))
                await responseStream.WriteAsync(happened).ConfigureAwait(false);
        }
    }

    public override Task<AuditResponse> Audit(AuditRequest request, ServerCallContext context) => Translated(() =>
    {
        CoreAudit audit = _parts.Core.Audit()
            ?? throw Failure.Unavailable("the core cannot compare its tables right now: try again when no domain is being built or destroyed");
        return Task.FromResult(new AuditResponse { Violations = audit.Violations, FreeBytes = audit.FreeFrames << 12 });
    });

    /// <summary>A build whose watcher has left is cancelled by that, and ends by itself.</summary>
    private static async Task WriteAsync(IServerStreamWriter<CreateProgress> stream, CreateProgress step)
    {
        try
        {
            await stream.WriteAsync(step).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException)
        {
        }
    }

    private static async Task<T> Translated<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (CoreException e) when (e.Error == CoreException.NoSuchDomain)
        {
            throw Failure.NotFound("the guest's domain is no more");
        }
        catch (CoreException e)
        {
            throw Failure.Precondition(e.Message);
        }
    }

    private async Task<uint> BuildAsync(CreateRequest request, BuildProgress progress, ChannelWriter<CreateProgress> steps, CancellationToken cancellation)
    {
        try
        {
            return await _lifeCycle.CreateAsync(request.Config, request.IsPaused, progress, cancellation).ConfigureAwait(false);
        }
        finally
        {
            steps.Complete();
        }
    }

    private async Task<T> WhenReady<T>(ServerCallContext context, Func<Task<T>> call)
    {
        await _ready.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        return await Translated(call).ConfigureAwait(false);
    }
}
