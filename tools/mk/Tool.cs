using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Mk;

/// <summary>Runs other programs and takes their output.</summary>
public static class Tool
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its name on PATH, or a path.</param>
    /// <param name="arguments">Its arguments, as they are: no shell is involved.</param>
    /// <param name="folder">Its working directory; null for the current one.</param>
    /// <returns>What it wrote to its standard output.</returns>
    /// <exception cref="MkException">It cannot be started, or ends with an error; the message has what it wrote.</exception>
    public static string Run(string program, IEnumerable<string> arguments, string? folder = null)
    {
        string[] list = [.. arguments];
        (int code, string output, string errors) = RunAny(program, list, folder);
        if (code == 0)
            return output;
        string words = string.Join('\n', new[] { output, errors }.Select(static s => s.Trim()).Where(static s => s.Length > 0));
        throw new MkException(ExitCode.Usage, $"{program} {string.Join(' ', list)}\nended with code {code}:\n{words}");
    }

    /// <summary>As <see cref="Run"/>, and leaves it to the caller to judge the exit code.</summary>
    public static (int Code, string Output, string Errors) RunAny(string program, IEnumerable<string> arguments, string? folder = null)
    {
        using Process process = Start(program, arguments, folder);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    /// <summary>Runs a program and hands on each line of its output, standard and error, as it comes.</summary>
    /// <returns>Its exit code.</returns>
    public static int Stream(string program, IEnumerable<string> arguments, string folder, Action<string> line)
    {
        using Process process = Start(program, arguments, folder);
        var turn = new Lock();
        void Take(object sender, DataReceivedEventArgs e)
        {
            lock (turn)
            {
                if (e.Data is not null)
                    line(e.Data);
            }
        }
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static Process Start(string program, IEnumerable<string> arguments, string? folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        // Nothing that this program starts should ask questions, speak another language, or leave build servers behind.
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        try
        {
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new MkException(ExitCode.Usage, $"cannot start {program}: {e.Message}");
        }
    }
}
