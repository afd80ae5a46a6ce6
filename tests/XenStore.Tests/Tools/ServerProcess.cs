using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.XenStore.Tests.Tools;

/// <summary>The program in a process of its own, with a socket and a state folder.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private Process _process;

    internal ServerProcess()
    {
        Folder = Directory.CreateTempSubdirectory("xenstore-test").FullName;
        Directory.CreateDirectory(Path.Combine(Folder, "domains"));
        _process = Start();
    }

    internal string Folder { get; }

    internal string Socket => Path.Combine(Folder, "socket");

    internal string Log => File.ReadAllText(Path.Combine(Folder, "log"));

    /// <summary>Kills the process at once, and starts the next one.</summary>
    internal void KillAndRestart()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(Socket);
        _process = Start();
    }

    /// <summary>Runs one of Debian's tools.</summary>
    internal (int Code, string Output) Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["XENSTORED_PATH"] = Socket;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The program that was built with the tests, or the one that XENSTORE_PROGRAM names, such as the static one of the service's image.</summary>
    private static string[] Program()
    {
        if (Environment.GetEnvironmentVariable("XENSTORE_PROGRAM") is { Length: > 0 } other)
            return [other];
        string here = TestContext.CurrentContext.TestDirectory;
        string root = here[..here.LastIndexOf("/tests/", StringComparison.Ordinal)];
        // The tests' own configuration and framework: bin/CONFIGURATION/FRAMEWORK.
        string[] parts = here.Split('/');
        return ["dotnet", Path.Combine([root, "services/xenstore/bin", .. parts.TakeLast(2), "xenstore.dll"])];
    }

    private Process Start()
    {
        string[] program = Program();
        Process process = Process.Start(program[0],
            [.. program[1..], "--socket", Socket, "--state", Path.Combine(Folder, "state"), "--domains", Path.Combine(Folder, "domains"), "--log", Path.Combine(Folder, "log")]);
        long end = Environment.TickCount64 + (long)StartLimit.TotalMilliseconds;
        while (!CanConnect())
        {
            Assert.That(process.HasExited, Is.False, "the server ended at once");
            Assert.That(Environment.TickCount64, Is.LessThan(end), "the server does not answer");
            Thread.Sleep(20);
        }
        return process;
    }

    private bool CanConnect()
    {
        try
        {
            using var connection = new SocketPeer(Socket);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
