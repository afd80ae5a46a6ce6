using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Core.Domains;
using Microkernel.Protos.Health;
using Microkernel.Protos.Supervisor;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;
using Polly;
using Polly.Retry;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>Keeps one service running: builds its domain, asks how it is, and starts it again as the manifest's policy says.</summary>
public sealed class ServiceKeeper
{
    private readonly IHypervisor _hypervisor;
    private readonly ServiceEntry _entry;
    private readonly Health.HealthClient _health;
    private readonly SupervisorOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly ResiliencePipeline _lives;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ServiceStatus _status;
    private string? _killedFor;
    private bool _isWanted;

    /// <summary>A keeper; <see cref="RunAsync"/> makes it work.</summary>
    public ServiceKeeper(IHypervisor hypervisor, ServiceEntry entry, CallInvoker ring, SupervisorOptions options, TimeProvider time, Action<string> log)
    {
        _hypervisor = hypervisor;
        _entry = entry;
        _health = new Health.HealthClient(ring);
        _options = options;
        _time = time;
        _log = log;
        _status = new ServiceStatus(entry, time);
        _lives = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<ServiceEndedException>(static e => e.Restarts),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            Delay = options.FirstWait,
            MaxDelay = options.LongestWait,
            OnRetry = OnRetryAsync,
        }).Build();
    }

    /// <summary>Its name.</summary>
    public string Name => _entry.Name;

    /// <summary>It answers and can do its work.</summary>
    public bool IsServing => _status.State == ServiceState.Serving;

    private bool IsWanted
    {
        get
        {
            lock (_lock)
                return _isWanted;
        }
    }

    /// <summary>Keeps the service until <paramref name="stop"/>; its domain stays.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        // After a life that was long enough, or that the operator ended, the waits start over.
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _lives.ExecuteAsync(async token => await LiveAsync(token).ConfigureAwait(false), stop).ConfigureAwait(false);
            }
            catch (ServiceEndedException e)
            {
                NoteEnd(e.Message, "its manifest says that it stays so", ServiceState.Ended);
                while (!IsWanted && !stop.IsCancellationRequested)
                    await _wake.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Something has happened to some domain: look.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    /// <summary>Ends the service's domain at once; its policy then applies.</summary>
    public void Kill(string why)
    {
        lock (_lock)
            _killedFor = why;
        _hypervisor.Destroy(_entry.Id);
        Wake();
    }

    /// <summary>Has the service's own kernel panic; its policy for crashes then applies.</summary>
    /// <exception cref="RpcException">It does not answer: it can only be killed.</exception>
    public async Task PanicAsync(CancellationToken cancellation)
    {
        try
        {
            await _health.PanicAsync(new PanicRequest(), deadline: DateTime.UtcNow + _options.AnswerLimit, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw new RpcException(new Status(e.StatusCode, $"{Name} cannot be asked to panic ({e.Status.Detail}): kill it without --panic"));
        }
    }

    /// <summary>Asks the service to stop, ends it if it does not, and waits until it answers again.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        const string why = "restarted by the operator";
        uint before = _status.Starts;
        lock (_lock)
            (_isWanted, _killedFor) = (true, why);
        try
        {
            await _health.StopAsync(new StopRequest(), deadline: DateTime.UtcNow + _options.AnswerLimit, cancellationToken: cancellation).ConfigureAwait(false);
            long limit = _time.GetTimestamp();
            while (Facts() is { EndReason: null } && _time.GetElapsedTime(limit) < _options.StopLimit)
                await Task.Delay(_options.StartPeriod, _time, cancellation).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            _log($"{Name} does not stop by itself ({e.Status.Detail}): ended");
        }

        if (_status.Starts == before)
            Kill(why);
        while (_status.Starts == before || !IsServing)
            await Task.Delay(_options.StartPeriod, _time, cancellation).ConfigureAwait(false);
    }

    /// <summary>What there is to say about it.</summary>
    public ServiceInfo Describe() => _status.Describe();

    private static string NameOf(uint reason) => reason switch
    {
        0 => "powered off",
        1 => "rebooted",
        2 => "suspended",
        4 => "its watchdog ended it",
        _ => "crashed",
    };

    private async Task LiveAsync(CancellationToken stop)
    {
        try
        {
            await LiveOnceAsync(stop).ConfigureAwait(false);
        }
        catch (ServiceEndedException e) when (e.IsByOperator)
        {
            NoteEnd(e.Message, "started again", ServiceState.Starting);
        }
        catch (HypervisorException e)
        {
            // Whatever is left of it is destroyed when its next life begins.
            throw new ServiceEndedException($"the core refused: {e.Message}", restarts: true);
        }
    }

    // One life: returns after a long one, and throws after a short one.
    private async Task LiveOnceAsync(CancellationToken stop)
    {
        if (!TryAdopt())
            await Task.Run(Start, stop).ConfigureAwait(false);
        await WaitUntilServingAsync(stop).ConfigureAwait(false);
        try
        {
            await WatchAsync(stop).ConfigureAwait(false);
        }
        catch (ServiceEndedException e) when (e is { Restarts: true, IsByOperator: false } && _status.Age >= _options.GoodLife)
        {
            NoteEnd(e.Message, "started again", ServiceState.Starting);
        }
    }

    // After this service's own restart the others still run: they are left alone.
    private bool TryAdopt()
    {
        DomainFacts? facts = Facts();
        bool isAlive = facts is { IsDying: false, EndReason: null } && DomainHandle.Of(facts.Handle).IsComplete;
        if (facts is not null && !isAlive)
            _hypervisor.Destroy(_entry.Id);
        if (isAlive)
            NoteStart(DomainHandle.Of(facts!.Handle));
        return isAlive;
    }

    private void Start()
    {
        _status.State = ServiceState.Starting;
        DomainHandle handle = DomainHandle.New();
        try
        {
            DomainShell.Make(_hypervisor, _entry.Id, _entry.Config, (ulong)_entry.Config.MemoryFrames, handle, _hypervisor.Destroy);
            DomainBuild build = new(_hypervisor, _entry.Id, handle, _entry.Config, _entry.Kernel.Size, _entry.Ramdisk?.Size ?? 0);
            build.LoadFiles(_entry.Kernel, _entry.Ramdisk);
            build.FinishService();
            NoteStart(handle);
            _hypervisor.Unpause(_entry.Id);
        }
        catch (Exception e) when (e is HypervisorException or BuildException)
        {
            _hypervisor.Destroy(_entry.Id);
            throw new ServiceEndedException($"it cannot be built: {e.Message}", restarts: true) { IsByOperator = TakeKilledFor() is not null };
        }
    }

    private void NoteStart(DomainHandle handle)
    {
        lock (_lock)
            (_killedFor, _isWanted) = (null, false);
        _status.NoteStart(handle.Generation);
    }

    private async Task WaitUntilServingAsync(CancellationToken stop)
    {
        while (!await AnswersAsync(stop).ConfigureAwait(false))
        {
            ThrowIfEnded();
            if (_status.Age >= _options.StartLimit)
                End($"it did not answer within {_options.StartLimit.TotalSeconds:0} s");
            await Task.Delay(_options.StartPeriod, _time, stop).ConfigureAwait(false);
        }

        _status.State = ServiceState.Serving;
        _log($"{Name} answers after {_status.Age.TotalMilliseconds:0} ms");
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        long heard = _time.GetTimestamp();
        while (true)
        {
            await _wake.WaitAsync(_options.CheckPeriod, stop).ConfigureAwait(false);
            ThrowIfEnded();
            if (await AnswersAsync(stop).ConfigureAwait(false))
            {
                heard = _time.GetTimestamp();
                _status.State = ServiceState.Serving;
                continue;
            }

            if (_status.State == ServiceState.Serving)
                _log($"{Name} is silent");
            _status.State = ServiceState.Silent;
            ThrowIfEnded();
            if (_time.GetElapsedTime(heard) >= _options.SilenceLimit)
                End($"it was silent for {_options.SilenceLimit.TotalSeconds:0} s");
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken stop)
    {
        try
        {
            CheckResponse response = await _health.CheckAsync(
                new CheckRequest(), deadline: DateTime.UtcNow + _options.AnswerLimit, cancellationToken: stop).ConfigureAwait(false);
            return response.Condition is Condition.Serving or Condition.Impaired;
        }
        catch (RpcException)
        {
            stop.ThrowIfCancellationRequested();
            return false;
        }
    }

    private void ThrowIfEnded()
    {
        DomainFacts? facts = Facts();
        if (facts is { IsDying: false, EndReason: null } && DomainHandle.Of(facts.Handle).Generation == _status.Generation)
            return;
        string? killed = TakeKilledFor();
        uint reason = facts?.EndReason ?? (uint)ShutdownReason.Crash;
        string message = killed ?? (facts is null ? "its domain is gone" : NameOf(reason));
        EndAction action = killed is not null ? EndAction.Restart : _entry.Config.ActionFor((ShutdownReason)reason);
        if (facts is not null && action != EndAction.Preserve)
            _hypervisor.Destroy(_entry.Id);
        throw new ServiceEndedException(message, action == EndAction.Restart) { IsByOperator = killed is not null };
    }

    private string? TakeKilledFor()
    {
        lock (_lock)
        {
            string? killed = _killedFor;
            _killedFor = null;
            return killed;
        }
    }

    private void End(string why)
    {
        _hypervisor.Destroy(_entry.Id);
        throw new ServiceEndedException(why, restarts: true);
    }

    private ValueTask OnRetryAsync(OnRetryArguments<object> retry)
    {
        NoteEnd(retry.Outcome.Exception!.Message, "started again", ServiceState.Waiting);
        _status.NoteWait(retry.RetryDelay);
        return ValueTask.CompletedTask;
    }

    private void NoteEnd(string why, string what, ServiceState state)
    {
        _status.NoteEnd(why, state);
        _log($"{Name} ended: {why}; {what}");
    }

    private DomainFacts? Facts() => _hypervisor.ListDomains().FirstOrDefault(d => d.Id == _entry.Id);
}
