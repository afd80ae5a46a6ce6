using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Control;
using Mk.Daemon;
using Mk.Machine;
using Mk.Terminal;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace Mk.SystemTests.Whole;

/// <summary>The core with all its services, and what the operator would do with it.</summary>
internal sealed class WholeSystem : IMachineOutput, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly RunFolder _folder = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Dictionary<string, Transcript> _texts = SystemManifest.Services.ToDictionary(static name => name, static _ => new Transcript());
    private readonly RunScreen _log;
    private readonly SystemHost _host;

    private WholeSystem(MachineOptions options, BootSet set, string logFile)
    {
        _log = new RunScreen(["system"], Stream.Null, null, raw: false, logFile);
        _host = SystemHost.Start(options, set, _folder, this, text => _log.CoreLine("mk: " + text));
        Services = new SystemConnection(_host.CallInvoker, null, _over.Token);
    }

    /// <summary>Calls to the services.</summary>
    internal SystemConnection Services { get; }

    /// <summary>Boots, and waits until all services answer.</summary>
    /// <param name="logFile">Receives everything that is printed.</param>
    /// <param name="guestMiB">Memory for guests.</param>
    /// <param name="cpus">CPUs that run domains.</param>
    /// <param name="icount">Count instructions, each 2^N ns long; null for real time.</param>
    /// <param name="others">Another set of services than the real ones.</param>
    internal static async Task<WholeSystem> StartAsync(string logFile, long guestMiB, int cpus = 2, int? icount = null, BootSet? others = null)
    {
        BootSet set = others ?? SystemImages.Prepare();
        var options = new MachineOptions
        {
            Cpus = cpus,
            Icount = icount,
            MemoryMiB = SystemImages.MemoryMiB + guestMiB,
            TimeLimit = TimeSpan.FromMinutes(30),
            Qemu = Environment.GetEnvironmentVariable("MK_QEMU") ?? new MachineOptions().Qemu,
        };
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var system = new WholeSystem(options, set, logFile);
        await new StartWatch(system._host.CallInvoker, static _ => { }).RunAsync(system._over.Token).WaitAsync(Patience);
        return system;
    }

    /// <summary>Creates a guest.</summary>
    internal async Task<SystemGuest> CreateAsync(GuestConfig config, bool isPaused = false) =>
        Find(config.Name, await new GuestCreation(Services, static (_, _) => { }).RunAsync(config, isPaused));

    /// <summary>The guest of a domain.</summary>
    internal SystemGuest Find(string name, uint domain) => new(this, name, domain, bytes => _log.Log(name, bytes));

    /// <summary>Destroys a guest; done when it is gone.</summary>
    internal async Task DestroyAsync(string name) =>
        await Services.Toolstack.DestroyAsync(new Api.DestroyRequest { Guest = new Api.Guest { Name = name } }, Services.Brief);

    /// <summary>All guests by their names.</summary>
    internal async Task<Dictionary<string, Api.GuestInfo>> ListAsync() => (await GuestList.ReadAsync(Services)).ToDictionary(static g => g.Name);

    /// <summary>Has the core check its records, which must agree.</summary>
    /// <returns>The free bytes.</returns>
    internal async Task<ulong> AuditAsync()
    {
        Api.AuditResponse audit = await Services.RepeatAsync(options => Services.Toolstack.AuditAsync(new Api.AuditRequest(), options));
        Assert.That(audit.Violations, Is.Zero);
        return audit.FreeBytes;
    }

    /// <summary>The services by their names.</summary>
    internal async Task<Dictionary<string, SupervisorApi.ServiceInfo>> ListServicesAsync()
    {
        SupervisorApi.ListResponse list = await Services.RepeatAsync(
            options => Services.Supervisor.ListAsync(new SupervisorApi.ListRequest(), options));
        return list.Services.ToDictionary(static s => s.Name);
    }

    /// <summary>What a service has printed.</summary>
    internal string TextOf(string service) => _texts[service].ToString();

    /// <summary>Ends a service's domain.</summary>
    internal async Task KillAsync(string service, bool byPanic = false)
    {
        try
        {
            await Services.Supervisor.KillAsync(new SupervisorApi.KillRequest { Name = service, ByPanic = byPanic }, Services.Brief);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            // The answer's way leads through the one that was ended.
        }
    }

    /// <summary>Waits until all services serve, and one of them has been started more often than that.</summary>
    internal Task AnswersAgainAsync(string service, uint restarts) => WaitUntilAsync(
        async () =>
        {
            Dictionary<string, SupervisorApi.ServiceInfo> services = await ListServicesAsync();
            return services[service].Restarts > restarts && services.Values.All(static s => s.State == SupervisorApi.ServiceState.Serving);
        },
        $"{service} answers again");

    /// <summary>Waits for a guest's state.</summary>
    internal async Task<Api.GuestInfo> UntilAsync(string name, Func<Api.GuestInfo, bool> condition, string what)
    {
        Api.GuestInfo? found = null;
        await WaitUntilAsync(async () => (await ListAsync()).TryGetValue(name, out found) && condition(found), $"{name} {what}");
        return found!;
    }

    /// <summary>Waits until there is no such guest.</summary>
    internal Task UntilGoneAsync(string name) => WaitUntilAsync(async () => !(await ListAsync()).ContainsKey(name), $"{name} is gone");

    /// <summary>Waits until something is the case.</summary>
    /// <exception cref="TimeoutException">It was not in time.</exception>
    internal async Task WaitUntilAsync(Func<Task<bool>> condition, string what)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!await condition())
        {
            if (Environment.TickCount64 > end || _host.Completion.IsCompleted)
                throw new TimeoutException($"waited in vain until {what}");
            await Task.Delay(LookAgain, _over.Token);
        }
    }

    void IMachineOutput.CoreLine(string line) => _log.CoreLine(line);

    void IMachineOutput.GuestOutput(int guest, ReadOnlyMemory<byte> bytes)
    {
        string service = SystemManifest.Services[guest];
        _log.Log(service, bytes);
        _texts[service].Add(Encoding.Latin1.GetString(bytes.Span));
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Services.Dispose();
        await _host.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
        _over.Dispose();
    }
}
