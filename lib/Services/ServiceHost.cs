using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Rings;
using Microkernel.Rpc;
using Microkernel.Xen;

namespace Microkernel.Services;

/// <summary>
/// The surroundings of a service: the domain it is alone in, its log, its rings. <see cref="Run"/> is all that a service's Main does.
/// Outside of a domain, as in tests, everything works but what needs the hypervisor, which throws <see cref="XenException"/>.
/// </summary>
public sealed class ServiceHost
{
    /// <summary>The service that starts and stops the others, and so the only one that may ask them to stop.</summary>
    public const string Supervisor = "memory";

    private const string DebugWord = "debug";

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<XenDevices> _xen = new(XenDevices.Open);
    private readonly Lazy<ServiceInfo> _info;
    private readonly Lazy<IReadOnlyList<RingInfo>> _rings;
    private readonly Dictionary<string, RingEndpoint> _endpoints = [];
    private readonly Lock _lock = new();

    internal ServiceHost(string name, IReadOnlyList<string> arguments, ServiceLog log)
    {
        Name = name;
        Arguments = arguments;
        Log = log;
        _info = new(() => _xen.Value.Service.GetInfo());
        _rings = new(() => _xen.Value.ReadRings());
        if (arguments.Contains(DebugWord))
            log.Least = LogLevel.Debug;
    }

    /// <summary>The service's name.</summary>
    public string Name { get; }

    /// <summary>The words of the domain's command line that the kernel left to the service.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>The log.</summary>
    public ServiceLog Log { get; }

    /// <summary>What the service says of itself to everybody it has a ring with.</summary>
    public ServiceHealth Health { get; } = new();

    /// <summary>Cancelled when the service is to end: it saves what it has to and returns.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Raw hypercalls.</summary>
    public Privcmd Privcmd => _xen.Value.Privcmd;

    /// <summary>The core's calls for services.</summary>
    public ServiceCalls Calls => _xen.Value.Service;

    /// <summary>Calls of a domain about itself.</summary>
    public OwnCalls Own => _xen.Value.Own;

    /// <summary>What the manifest has for this service.</summary>
    public ServiceInfo Info => _info.Value;

    /// <summary>The rings that the manifest gives this service.</summary>
    public IReadOnlyList<RingInfo> Rings => _rings.Value;

    /// <summary>
    /// Runs a service until it returns, which ends the domain in order; an exception ends it as a crash. Main returns what this returns.
    /// </summary>
    /// <param name="name">The service's name.</param>
    /// <param name="arguments">Main's arguments.</param>
    /// <param name="body">The service.</param>
    public static int Run(string name, string[] arguments, Func<ServiceHost, Task> body)
    {
        if (FirstProcess.IsThis)
            FirstProcess.MountAll();
        ServiceHost host = new(name, arguments, new ServiceLog(Console.OpenStandardError()));
        host.Log.Info($"{name} starts");
        AppDomain.CurrentDomain.UnhandledException += (_, failure) => host.Crash(failure.ExceptionObject);
        TaskScheduler.UnobservedTaskException += (_, failure) => host.Log.Error("a task failed unobserved", failure.Exception);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            host.Stop("SIGTERM");
        });
        using PosixSignalRegistration? children = FirstProcess.IsThis ? FirstProcess.ReapChildren() : null;
        body(host).GetAwaiter().GetResult();
        host.End();
        return 0;
    }

    /// <summary>
    /// Opens the ring to a peer: calls it by <see cref="RingEndpoint.CallInvoker"/>, and serves it. The connection comes by itself, and
    /// again after a restart of either side. Each ring is opened once.
    /// </summary>
    /// <param name="peer">The peer's name in the manifest.</param>
    /// <param name="bind">Adds the services that the peer may call; Health is there already.</param>
    /// <param name="options">Of the endpoint; names and log are filled in.</param>
    /// <exception cref="InvalidOperationException">The manifest has no such ring, or it was opened before.</exception>
    public RingEndpoint Connect(string peer, Action<RpcServices>? bind = null, RingEndpointOptions? options = null)
    {
        RingInfo ring = Rings.FirstOrDefault(r => r.PeerName == peer)
            ?? throw new InvalidOperationException($"the manifest gives {Name} no ring to {peer}");
        return Open(peer, XenRingWiring.Open(Calls, ring), bind, options);
    }

    /// <summary>The same over another wiring, for tests outside of a domain.</summary>
    public RingEndpoint Open(string peer, RingWiring wiring, Action<RpcServices>? bind = null, RingEndpointOptions? options = null)
    {
        var services = new RpcServices();
        Protos.Health.Health.BindService(services, new HealthService(this, mayStop: peer == Supervisor));
        bind?.Invoke(services);
        lock (_lock)
        {
            if (_endpoints.ContainsKey(peer))
                throw new InvalidOperationException($"the ring to {peer} is open already");
            var endpoint = new RingEndpoint(
                new RingRendezvous(wiring), services, (options ?? new RingEndpointOptions()) with { Name = Name, Peer = peer, Log = Log.Info });
            _endpoints.Add(peer, endpoint);
            return endpoint;
        }
    }

    /// <summary>Says that the service can do its work; opens the rings that it did not open itself, for Health.</summary>
    public void Serve()
    {
        if (FirstProcess.IsThis)
        {
            foreach (RingInfo ring in Rings.Where(r => !IsOpen(r.PeerName)))
                Connect(ring.PeerName);
        }
        Health.SetServing();
        Log.Info("serving");
    }

    /// <summary>Asks the service to end.</summary>
    /// <param name="why">The reason, for the log.</param>
    public void Stop(string why)
    {
        Log.Info($"stopping: {why}");
        // On another thread: who waits for the token may do anything.
        ThreadPool.QueueUserWorkItem(_ => _stopping.Cancel());
    }

    /// <summary>Has the kernel panic; only for the first process of a domain. Does not return.</summary>
    /// <param name="why">The reason, for the log.</param>
    public void Panic(string why)
    {
        Log.Error($"panic: {why}");
        FirstProcess.Panic();
    }

    /// <summary>Has the hypervisor end the domain when the service hangs.</summary>
    /// <param name="limit">After how long.</param>
    /// <param name="isWell">Whether the service works; called on a thread of its own, several times in that time.</param>
    public Watchdog StartWatchdog(TimeSpan limit, Func<bool> isWell) => new(Own, Log, limit, isWell);

    /// <summary>Ends the program, and the domain in order.</summary>
    private void End()
    {
        foreach (RingEndpoint endpoint in _endpoints.Values)
            endpoint.Dispose();
        Log.Info("ended");
        if (FirstProcess.IsThis)
            FirstProcess.PowerOff();
    }

    /// <summary>Ends the domain as a crash; without a hypervisor, the runtime ends the process after this.</summary>
    private void Crash(object failure)
    {
        Log.Error($"crash: {failure}");
        if (!FirstProcess.IsThis)
            return;
        try
        {
            Own.Crash();
        }
        catch (IOException e)
        {
            // The kernel panics when its first process ends, which is a crash of the domain as well.
            Log.Error($"{e.Message}; the kernel's panic will do");
        }
    }

    private bool IsOpen(string peer)
    {
        lock (_lock)
            return _endpoints.ContainsKey(peer);
    }
}
