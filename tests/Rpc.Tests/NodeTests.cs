using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Grpc.Net.Client;
using Microkernel.Gateway;
using Microkernel.Rings;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>Against gRPC's own implementation for Node, which shares no code with this one: as a client, and as a server.</summary>
public sealed class NodeTests
{
    private string _folder = "";

    private string Socket => Path.Combine(_folder, "socket");

    [OneTimeSetUp]
    public void InstallPackages() => NodeProgram.InstallPackages();

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("node-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task ItsClientCallsThroughTheGatewayAndARing()
    {
        var service = new EchoService();
        (LocalTransport near, LocalTransport far) = LocalTransport.CreatePair(256 * 1024);
        using var client = new RingEndpoint(new RingConnection(near));
        using var server = new RingEndpoint(new RingConnection(far), CallTests.Serve(service));
        Wait.Until(() => client.IsConnected, "the ring is there");
        await using GatewayServer gateway = await GatewayServer.StartAsync(Socket, client.CallInvoker);
        using NodeProgram node = NodeProgram.Start("client.js", Socket);
        Assert.That(node.ExitCode(), Is.Zero, () => string.Join('\n', node.Lines));
        Assert.That(node.Lines.Count(static line => line.StartsWith("passed ", StringComparison.Ordinal)), Is.EqualTo(8));
        Wait.Until(() => (service.Running, service.Cancelled) == (0, 3), "the handlers have been told of deadlines and cancellation");
    }

    [Test]
    public async Task ItsServerIsCalled([Values] bool throughAGateway)
    {
        using NodeProgram node = NodeProgram.Start("server.js", Socket);
        Wait.Until(() => node.Lines.Contains("listening"), "it listens");
        using GrpcChannel direct = GatewayClient.Connect(Socket);
        await using GatewayServer? gateway = throughAGateway ? await GatewayServer.StartAsync(Socket + "2", direct.CreateCallInvoker()) : null;
        using GrpcChannel channel = GatewayClient.Connect(throughAGateway ? Socket + "2" : Socket);
        Echo.EchoClient client = new(channel);
        await CheckCalls(client);
        await CheckStream(client);
        await CheckEnds(client, node);
    }

    private static async Task CheckCalls(Echo.EchoClient client)
    {
        Said said = await client.SayAsync(new SayRequest { Data = CallTests.Data(60_000) }, deadline: DateTime.UtcNow + Wait.Long);
        Assert.That((said.Data, said.Peer, said.HasDeadline), Is.EqualTo((CallTests.Data(60_000), "node", true)));
        Assert.That((await client.SayAsync(new SayRequest())).HasDeadline, Is.False);
        const string Message = "daß % \n é %41 ~\U0001F600";
        for (int code = 1; code <= 16; code++)
        {
            RpcException error = Assert.Throws<RpcException>(() => client.Say(new SayRequest { Status = code, Message = Message }))!;
            Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo(((StatusCode)code, Message)));
        }
    }

    private static async Task CheckStream(Echo.EchoClient client)
    {
        using AsyncServerStreamingCall<Said> call = client.Count(new CountRequest { Count = 1000, Size = 20_000, Status = 10, Message = "end é" });
        for (uint i = 0; i < 1000; i++)
        {
            Assert.That(await call.ResponseStream.MoveNext(), Is.True);
            Assert.That((call.ResponseStream.Current.Number, call.ResponseStream.Current.Data.Length), Is.EqualTo((i, 20_000)));
        }

        RpcException error = (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext()))!;
        Assert.That((error.StatusCode, error.Status.Detail), Is.EqualTo((StatusCode.Aborted, "end é")));
    }

    private static async Task CheckEnds(Echo.EchoClient client, NodeProgram node)
    {
        Assert.That(CallTests.StatusOf(() => client.Say(new SayRequest { Waits = true }, deadline: DateTime.UtcNow.AddMilliseconds(300))), Is.EqualTo(StatusCode.DeadlineExceeded));
        Wait.Until(() => node.Lines.Count(static line => line == "cancelled") == 1, "it has been told of the deadline");
        using var cancel = new CancellationTokenSource();
        using AsyncServerStreamingCall<Said> call = client.Count(new CountRequest { Count = 1, Waits = true }, cancellationToken: cancel.Token);
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        Wait.Until(() => node.Lines.Count(static line => line == "waiting") == 2, "it waits");
        await cancel.CancelAsync();
        Assert.That((await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext()))!.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Wait.Until(() => node.Lines.Count(static line => line == "cancelled") == 2, "it has been told of the cancellation");
    }
}
