using System;
using System.IO;
using System.Threading.Tasks;
using FakeQemu.Services;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Gateway;
using Microkernel.Rings;
using Microkernel.Rpc;
using Mk.Control;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Tests;

/// <summary>Tests with a system in this process: fake services behind a ring and the gateway, where mk finds them.</summary>
[NonParallelizable]
public abstract class SystemFixture
{
    private GatewayServer _gateway = null!;
    private RingEndpoint _near = null!;
    private RingEndpoint _far = null!;

    /// <summary>The system's folder.</summary>
    protected string Folder { get; private set; } = "";

    /// <summary>The services.</summary>
    protected FakeSystem Fake { get; private set; } = null!;

    [SetUp]
    public async Task StartSystem()
    {
        Folder = Directory.CreateTempSubdirectory("mk-test-").FullName;
        Environment.SetEnvironmentVariable(SystemFolder.Variable, Folder);
        Fake = new FakeSystem();
        (LocalTransport near, LocalTransport far) = LocalTransport.CreatePair(1 << 20);
        _near = new RingEndpoint(new RingConnection(near));
        _far = new RingEndpoint(new RingConnection(far), Fake.Bind());
        var state = new SystemState(ProcessIdentity.Current, null, Folder);
        _gateway = await GatewayServer.StartAsync(state.Socket, _near.CallInvoker);
        state.Write();
    }

    [TearDown]
    public async Task StopSystem()
    {
        await _gateway.DisposeAsync();
        _near.Dispose();
        _far.Dispose();
        Environment.SetEnvironmentVariable(SystemFolder.Variable, null);
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Adds a guest.</summary>
    protected Api.GuestInfo Guest(string name, Api.GuestState state = Api.GuestState.Running, string end = "") => With(Fake.Add(
        new Api.GuestConfig
        {
            Name = name,
            MemoryBytes = 512 << 20,
            MaximumMemoryBytes = 1 << 30,
            Vcpus = 2,
            MaximumVcpus = 4,
            Uuid = ByteString.CopyFrom(new Guid("5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001").ToByteArray(bigEndian: true)),
        }, state), end);

    /// <summary>Has the next call of a method fail.</summary>
    protected void Fail(string method, StatusCode code, string detail, int times = 1)
    {
        Fake.Failures[method] = new();
        for (int i = 0; i < times; i++)
            Fake.Failures[method].Enqueue(new Status(code, detail));
    }

    private static Api.GuestInfo With(Api.GuestInfo guest, string end)
    {
        guest.EndDetail = end;
        return guest;
    }
}
