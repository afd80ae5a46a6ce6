using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using HealthApi = Microkernel.Protos.Health;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace Mk.Daemon;

/// <summary>Asks until all services answer.</summary>
public sealed class StartWatch
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly HealthApi.Health.HealthClient _toolstack;
    private readonly SupervisorApi.Supervisor.SupervisorClient _supervisor;
    private readonly Action<string> _tell;
    private readonly HashSet<string> _missing = [.. SystemManifest.Services];

    /// <summary>Asks by way of an invoker.</summary>
    /// <param name="invoker">What calls the toolstack.</param>
    /// <param name="tell">Receives each service that answers.</param>
    public StartWatch(CallInvoker invoker, Action<string> tell)
    {
        _toolstack = new(invoker);
        _supervisor = new(invoker);
        _tell = tell;
    }

    /// <summary>The services that have not answered yet.</summary>
    public IEnumerable<string> Missing => SystemManifest.Services.Where(_missing.Contains);

    /// <summary>Ends when all services have answered.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await AskAsync(cancellation);
                if (_missing.Count == 0)
                    return;
            }
            catch (RpcException) when (!cancellation.IsCancellationRequested)
            {
                // Not there yet.
            }
            await Task.Delay(AskAgain, cancellation);
        }
    }

    private async Task AskAsync(CancellationToken cancellation)
    {
        CallOptions options = new CallOptions(deadline: DateTime.UtcNow + AnswerLimit, cancellationToken: cancellation).WithWaitForReady();
        HealthApi.CheckResponse health = await _toolstack.CheckAsync(new HealthApi.CheckRequest(), options);
        if (health.Condition == HealthApi.Condition.Serving)
            Found("toolstack");
        SupervisorApi.ListResponse list = await _supervisor.ListAsync(new SupervisorApi.ListRequest(), options);
        // The supervisor is a part of it.
        Found("memory");
        foreach (SupervisorApi.ServiceInfo service in list.Services)
        {
            if (service.State == SupervisorApi.ServiceState.Serving && service.Name != "toolstack")
                Found(service.Name);
        }
    }

    private void Found(string name)
    {
        if (_missing.Remove(name))
            _tell($"{name}: answers");
    }
}
