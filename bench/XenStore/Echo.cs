using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace Microkernel.XenStore.Bench;

/// <summary>echo.c, compiled and started, and a connection to it.</summary>
internal sealed class Echo : IDisposable
{
    private readonly byte[] _request = new byte[8192];
    private readonly string _folder;
    private readonly Process _process;
    private readonly Wire _wire;

    private Echo(string folder, Process process, Wire wire)
    {
        (_folder, _process, _wire) = (folder, process, wire);
        Time = new CpuTime(process.Id);
    }

    /// <summary>The time of both sides.</summary>
    internal CpuTime Time { get; }

    internal static Echo Start()
    {
        string folder = Directory.CreateTempSubdirectory("xenstore-bench").FullName;
        string program = Path.Combine(folder, "echo"), socket = Path.Combine(folder, "socket");
        using (Process compiler = Process.Start("gcc", ["-O2", "-o", program, Path.Combine(AppContext.BaseDirectory, "echo.c")]))
            compiler.WaitForExit();
        Process process = Process.Start(program, [socket]);
        while (!File.Exists(socket) && !process.HasExited)
            Thread.Sleep(10);
        // Between the socket's file and its listening there may be a moment.
        Thread.Sleep(50);
        return new Echo(folder, process, new Wire(socket));
    }

    /// <summary>Exchanges as many bytes as the daemon did.</summary>
    internal void Do(Exchange[] exchanges)
    {
        foreach (Exchange exchange in exchanges)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_request.AsSpan(4), exchange.Response);
            BinaryPrimitives.WriteInt32LittleEndian(_request.AsSpan(12), exchange.Request - 16);
            _wire.Send(_request.AsSpan(0, exchange.Request));
            _wire.ReceiveBytes(exchange.Response);
        }
    }

    public void Dispose()
    {
        _wire.Dispose();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
