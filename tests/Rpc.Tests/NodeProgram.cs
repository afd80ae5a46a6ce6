using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>A program of Node/, with gRPC's own implementation for Node.</summary>
internal sealed class NodeProgram : IDisposable
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Node");

    private readonly Process _process;

    private NodeProgram(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has printed.</summary>
    internal ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Installs the packages of the lock file, unless they are there.</summary>
    internal static void InstallPackages()
    {
        string installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) > File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
            return;
        using NodeProgram npm = Run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        Assert.That(npm.ExitCode(), Is.Zero, () => $"npm ci failed:\n{string.Join('\n', npm.Lines)}");
    }

    /// <summary>Starts a script.</summary>
    internal static NodeProgram Start(string script, string argument) => Run("node", [script, argument]);

    /// <summary>Waits for its end.</summary>
    internal int ExitCode()
    {
        if (!_process.WaitForExit(TimeSpan.FromMinutes(2)))
            Assert.Fail($"it does not end; it has printed:\n{string.Join('\n', Lines)}");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static NodeProgram Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new NodeProgram(Process.Start(start)!);
    }

    private void Keep(string? line)
    {
        if (line is not null)
            Lines.Enqueue(line);
    }
}
