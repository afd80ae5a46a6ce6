using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Mk.Control;
using Mk.Images;
using NUnit.Framework;

namespace Mk.SystemTests.Store;

/// <summary>A whole system in the background with a folder of its own, and mk as its operator runs it.</summary>
internal sealed class StoreSystem : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mk-store-").FullName;

    internal StoreSystem()
    {
        ImageStore.Ensure(ImageStore.PathOf("debian-6.1-cloud.vmlinuz"));
        ImageStore.Ensure(ImageStore.PathOf("xenstore.initramfs"));
        Mk("up", "--timeout", "300");
    }

    /// <summary>Runs mk, which must succeed.</summary>
    internal string Mk(params string[] arguments)
    {
        (int code, string output, string errors) = Try(arguments);
        Assert.That(code, Is.Zero, () => $"mk {string.Join(' ', arguments)}\n{errors}\n{Logs()}");
        return output;
    }

    /// <summary>Runs mk, which may fail.</summary>
    internal (int Code, string Output, string Errors) Try(params string[] arguments)
    {
        using Process process = Begin(arguments);
        System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    /// <summary>Starts mk.</summary>
    internal Process Begin(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ExitCode).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[SystemFolder.Variable] = _folder;
        return Process.Start(start)!;
    }

    /// <summary>Creates a guest that has the xenstore-* commands.</summary>
    /// <returns>Its directory in the store, and a shell in it.</returns>
    internal (string Home, GuestShell Shell) Create(string name)
    {
        string config = Path.Combine(_folder, name + ".cfg");
        File.WriteAllText(config, $"""
            name = "{name}"
            type = "pvh"
            kernel = "{ImageStore.PathOf("debian-6.1-cloud.vmlinuz")}"
            ramdisk = "{ImageStore.PathOf("xenstore.initramfs")}"
            extra = "console=hvc0 quiet"
            memory = 192
            vcpus = 1
            """);
        Mk("create", "-q", config);
        var shell = new GuestShell(Begin("console", name));
        return ("/local/domain/" + shell.Run("xenstore-read domid").Output.Trim(), shell);
    }

    /// <summary>The ends of the logs, for a failure.</summary>
    internal string Logs()
    {
        const int Shown = 2000;
        string text = "";
        foreach (string log in Directory.GetFiles(_folder, "*.log"))
        {
            using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            string all = reader.ReadToEnd();
            text += $"--- {Path.GetFileName(log)}\n{all[Math.Max(0, all.Length - Shown)..]}\n";
        }
        return text;
    }

    public void Dispose()
    {
        Try("down", "--timeout", "1");
        Directory.Delete(_folder, recursive: true);
    }
}
