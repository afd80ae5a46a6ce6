using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Google.Protobuf;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Supervisor;
using Microkernel.Protos.Xenstore;
using Mk.Boot;
using Mk.Commands;
using Mk.Control;
using Mk.Machine;
using Spectre.Console;

namespace Mk.Bench;

/// <summary>
/// A store's domain sized for many nodes, empty and full: the time that a read and a write take it, counted as what its vCPU ran, so that other
/// work on the machine takes nothing from it; and what it has in memory.
/// </summary>
public sealed class StoreScale
{
    private const int Folders = 1000, NodesAtATime = 1000, Calls = 2000;
    private const string Service = "xenstore";
    private const double MiB = MemorySize.MiB;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly SystemConnection _system;
    private readonly Table _table = Tables.Create("XenStore in its domain", ">us of a read", ">us of a write", ">nodes", ">MiB they count", ">MiB it may count");

    private StoreScale(SystemConnection system) => _system = system;

    /// <summary>Measures, and prints a table.</summary>
    /// <param name="machine">The machine; CPUs and memory are set here.</param>
    /// <param name="nodes">How many nodes: a multiple of 1,000.</param>
    /// <exception cref="MkException">The system does not come up, or the store fails.</exception>
    public static async Task RunAsync(MachineOptions machine, int nodes)
    {
        StoreSize size = StoreSize.For(nodes);
        MachineOptions options = machine with { Cpus = 2, MemoryMiB = SystemImages.MemoryMiB + size.ExtraMiB + 256, TimeLimit = 2 * Patience };
        _ = await MeasuredSystem.RunAsync(options, SystemImages.Prepare(size), Patience, async (system, _, _) =>
        {
            await new StoreScale(system).MeasureAsync(nodes, size);
            return true;
        });
    }

    private async Task MeasureAsync(int nodes, StoreSize size)
    {
        await CommitAsync(0, 1);
        await AddRowAsync("empty");
        long start = Stopwatch.GetTimestamp();
        int part = nodes / Folders;
        for (int folder = 0; folder < Folders; folder++)
        {
            for (int first = 0; first < part; first += NodesAtATime)
                await CommitAsync(folder, Math.Min(NodesAtATime, part - first), first);
            if ((folder + 1) % (Folders / 10) == 0)
                Say.Line(string.Create(CultureInfo.InvariantCulture, $"{(folder + 1) * part:N0} nodes ({Stopwatch.GetElapsedTime(start).TotalSeconds:0} s)"));
        }

        double filling = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await AddRowAsync("full");
        start = Stopwatch.GetTimestamp();
        await _system.Supervisor.KillAsync(new KillRequest { Name = Service }, _system.Long);
        await _system.RepeatAsync(options => _system.XenStore.ReadAsync(new ReadRequest { Path = Node(0, 0) }, options));
        double back = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await AddRowAsync("full, after its end and new beginning");
        Tables.Print(_table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"filled in {filling:0} s; back {back:0.0} s after it was killed; its domain has {size.MemoryMiB} MiB and {size.KeptMiB} MiB that are kept"));
    }

    private static string Node(int folder, int node) => $"/scale/{folder}/{node}";

    private async Task CommitAsync(int folder, int count, int first = 0)
    {
        var request = new CommitRequest();
        for (int node = first; node < first + count; node++)
            request.Changes.Add(new Change { Path = Node(folder, node), Write = ByteString.CopyFromUtf8("some value") });
        await _system.XenStore.CommitAsync(request, _system.Long);
    }

    private async Task AddRowAsync(string what)
    {
        double read = await TimeAsync(async () => await _system.XenStore.ReadAsync(new ReadRequest { Path = Node(0, 0) }, _system.Brief));
        double write = await TimeAsync(() => CommitAsync(0, 1));
        GetStatisticsResponse found = await _system.XenStore.GetStatisticsAsync(new GetStatisticsRequest(), _system.Brief);
        _table.AddRow(
            what, Number(read), Number(write), found.Nodes.ToString("N0", CultureInfo.InvariantCulture), Number(found.Bytes / MiB), Number(found.CapacityBytes / MiB));
    }

    /// <summary>What a call takes the store's domain, in microseconds.</summary>
    private async Task<double> TimeAsync(Func<Task> call)
    {
        await call();
        ulong before = await RanNsAsync();
        for (int i = 0; i < Calls; i++)
            await call();
        return (await RanNsAsync() - before) / 1000.0 / Calls;
    }

    private async Task<ulong> RanNsAsync()
    {
        GetUsageResponse usage = await _system.Scheduler.GetUsageAsync(new GetUsageRequest { Domains = { SystemManifest.DomainOf(Service) } }, _system.Brief);
        return usage.Vcpus.Aggregate(0UL, static (sum, vcpu) => sum + vcpu.RanNs);
    }

    private static string Number(double value) => value.ToString("N1", CultureInfo.InvariantCulture);
}
