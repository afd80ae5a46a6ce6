using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Mk.Control;

namespace Mk.Tests;

/// <summary>Runs mk as its users do.</summary>
internal static class MkCommand
{
    /// <summary>The program that stands in for QEMU.</summary>
    internal static string FakeQemu => Path.Combine(Path.GetDirectoryName(typeof(MkCommand).Assembly.Location)!, "FakeQemu");

    /// <summary>Runs a command in this process; for those that print text only.</summary>
    internal static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        using StringWriter newOutput = new(), newErrors = new();
        try
        {
            Console.SetOut(newOutput);
            Console.SetError(newErrors);
            int code = await Program.Main(arguments);
            return (code, newOutput.ToString(), newErrors.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    /// <summary>Starts a command in a process of its own.</summary>
    internal static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ExitCode).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[SystemFolder.Variable] = SystemFolder.Path;
        return Process.Start(start)!;
    }

    /// <summary>The command in a process of its own, to its end.</summary>
    internal static async Task<(int Code, string Output, string Errors)> RunProcessAsync(string input, params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        await process.StandardInput.FlushAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
