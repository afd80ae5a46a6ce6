using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Gateway;
using Api = Microkernel.Protos.Toolstack;
using ConsoleApi = Microkernel.Protos.Console;
using SchedulerApi = Microkernel.Protos.Scheduler;
using StoreApi = Microkernel.Protos.Xenstore;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace Mk.Control;

/// <summary>The services of a running system, as a client.</summary>
public sealed class SystemConnection : IDisposable
{
    /// <summary>How long a call that only asks or sets something may take.</summary>
    private static readonly TimeSpan BriefLimit = TimeSpan.FromSeconds(30);

    private readonly IDisposable? _channel;
    private readonly CancellationToken _cancellation;

    /// <summary>Calls by way of an invoker.</summary>
    /// <param name="invoker">What makes the calls.</param>
    /// <param name="channel">What to dispose of at the end.</param>
    /// <param name="cancellation">Ends all calls.</param>
    public SystemConnection(CallInvoker invoker, IDisposable? channel, CancellationToken cancellation)
    {
        _channel = channel;
        _cancellation = cancellation;
        Toolstack = new(invoker);
        Consoles = new(invoker);
        Scheduler = new(invoker);
        Supervisor = new(invoker);
        XenStore = new(invoker);
    }

    /// <summary>The toolstack.</summary>
    public Api.Toolstack.ToolstackClient Toolstack { get; }

    /// <summary>The guests' consoles.</summary>
    public ConsoleApi.Console.ConsoleClient Consoles { get; }

    /// <summary>The scheduler.</summary>
    public SchedulerApi.Scheduler.SchedulerClient Scheduler { get; }

    /// <summary>The supervisor of the services.</summary>
    public SupervisorApi.Supervisor.SupervisorClient Supervisor { get; }

    /// <summary>The store.</summary>
    public StoreApi.XenStore.XenStoreClient XenStore { get; }

    /// <summary>Options of a call that may take as long as it wants.</summary>
    public CallOptions Long => new(cancellationToken: _cancellation);

    /// <summary>Options of a call that should be answered soon.</summary>
    public CallOptions Brief => new(deadline: DateTime.UtcNow + BriefLimit, cancellationToken: _cancellation);

    /// <summary>Ends all calls.</summary>
    public CancellationToken Cancellation => _cancellation;

    /// <summary>Connects to the system that runs.</summary>
    /// <exception cref="MkException">There is none.</exception>
    public static SystemConnection Open(CancellationToken cancellation)
    {
        var channel = GatewayClient.Connect(SystemState.Running().Socket);
        return new SystemConnection(channel.CreateCallInvoker(), channel, cancellation);
    }

    /// <summary>
    /// Makes a call that may happen twice, again while a service that has a part in it is being restarted.
    /// </summary>
    public Task<T> RepeatAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call)
    {
        CallOptions options = Brief;
        return RepeatAsync(async () => await call(options));
    }

    /// <summary>Does something that may happen twice, again while a service that has a part in it is being restarted.</summary>
    public async Task<T> RepeatAsync<T>(Func<Task<T>> attempt)
    {
        for (int delay = 20; ; delay *= 2)
        {
            try
            {
                return await attempt();
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && delay < 4000)
            {
                await Task.Delay(delay, _cancellation);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _channel?.Dispose();
}
