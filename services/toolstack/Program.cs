using System;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Protos.Console;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Xenstore;
using Microkernel.Rpc;
using Microkernel.Services.Toolstack.Content;
using Api = Microkernel.Protos.Toolstack.Toolstack;

namespace Microkernel.Services.Toolstack;

/// <summary>The toolstack's domain.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("toolstack", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        var started = new TaskCompletionSource<ToolstackHost>(TaskCreationOptions.RunContinuationsAsynchronously);
        RingEndpoint memory = host.Connect("memory");
        RingEndpoint store = host.Connect("xenstore");
        RingEndpoint scheduler = host.Connect("scheduler");
        RingEndpoint consoles = host.Connect("qemu-dm", null, new RingEndpointOptions { Connected = () => _ = ConnectConsolesAsync(started.Task) });
        var peers = new Peers(
            new Memory.MemoryClient(memory.CallInvoker),
            new XenStore.XenStoreClient(store.CallInvoker),
            new Protos.Console.Console.ConsoleClient(consoles.CallInvoker),
            new Protos.Scheduler.Scheduler.SchedulerClient(scheduler.CallInvoker));
        // Not disposed of here: its ring lives until the host has ended it.
        OperatorDevice device = OperatorDevice.Open(host);
        using var toolstack = new ToolstackHost(
            new XenCore(host), peers, new ContentStore(device.Content, TimeProvider.System), Patience.Normal, host.Log.Info);
        started.SetResult(toolstack);
        host.Open("operator", device.Wiring, services =>
        {
            Api.BindService(services, toolstack.Service);
            Memory.BindService(services, new MemoryInfo(peers.Memory));
            services.Forward("microkernel.console.v1.Console", consoles.CallInvoker);
            services.Forward("microkernel.supervisor.v1.Supervisor", memory.CallInvoker);
            services.Forward("microkernel.scheduler.v1.Scheduler", scheduler.CallInvoker);
            services.Forward("microkernel.xenstore.v1.XenStore", store.CallInvoker);
        });
        Task run = toolstack.RunAsync(host.Stopping);
        await Task.WhenAny(run, ServeAsync(host, toolstack)).ConfigureAwait(false);
        await run.ConfigureAwait(false);
    }

    private static async Task ServeAsync(ServiceHost host, ToolstackHost toolstack)
    {
        await toolstack.Ready.WaitAsync(host.Stopping).ConfigureAwait(false);
        host.Serve();
        await Task.Delay(Timeout.Infinite, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task ConnectConsolesAsync(Task<ToolstackHost> started)
    {
        ToolstackHost toolstack = await started.ConfigureAwait(false);
        await toolstack.ConnectConsolesAsync().ConfigureAwait(false);
    }
}
