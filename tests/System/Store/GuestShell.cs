using System;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using NUnit.Framework;

namespace Mk.SystemTests.Store;

/// <summary>A shell in a guest, by way of its console.</summary>
internal sealed class GuestShell : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly StringBuilder _text = new();
    private readonly Process _console;
    private int _commands;

    /// <summary>Waits for the shell of a console, and makes it one that neither prompts nor repeats what is typed.</summary>
    internal GuestShell(Process console)
    {
        _console = console;
        _ = console.StandardError.ReadToEndAsync();
        new Thread(Read) { IsBackground = true }.Start();
        WaitFor("guest:");
        Send("stty -echo; sh /dev/tty");
        Run("true");
    }

    /// <summary>Runs a command to its end.</summary>
    internal (int Code, string Output) Run(string command)
    {
        string mark = $"end-{++_commands}-";
        int from = Length;
        Send($"{command}\nr=$?; echo; echo {mark}$r");
        Match end = WaitFor($"(?<output>[^\0]*?)\n{mark}(?<code>[0-9]+)\n", from);
        return (int.Parse(end.Groups["code"].Value, CultureInfo.InvariantCulture), end.Groups["output"].Value);
    }

    /// <summary>Runs a command that must succeed.</summary>
    internal string Ok(string command)
    {
        (int code, string output) = Run(command);
        Assert.That(code, Is.Zero, () => $"{command}\n{output}");
        return output;
    }

    /// <summary>Runs a command again and again until its output is what is wanted.</summary>
    internal void Until(string command, Predicate<string> isWanted)
    {
        long start = Environment.TickCount64;
        for (string output = Run(command).Output; !isWanted(output); output = Run(command).Output)
        {
            if (Environment.TickCount64 - start > Limit.TotalMilliseconds)
                Assert.Fail($"{command} still says: {output}");
            Thread.Sleep(100);
        }
    }

    public void Dispose()
    {
        if (!_console.HasExited)
            _console.Kill();
        _console.Dispose();
    }

    private int Length
    {
        get
        {
            lock (_text)
                return _text.Length;
        }
    }

    private void Send(string text)
    {
        _console.StandardInput.Write(text + "\n");
        _console.StandardInput.Flush();
    }

    private Match WaitFor(string pattern, int from = 0)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            string text;
            lock (_text)
                text = _text.ToString(from, _text.Length - from);
            Match match = Regex.Match(text, pattern);
            if (match.Success)
                return match;
            if (Environment.TickCount64 - start > Limit.TotalMilliseconds)
                Assert.Fail($"the guest's console does not say '{pattern}':\n{text}");
            Thread.Sleep(20);
        }
    }

    private void Read()
    {
        for (int c = _console.StandardOutput.Read(); c >= 0; c = _console.StandardOutput.Read())
        {
            lock (_text)
            {
                if (c != '\r')
                    _text.Append((char)c);
            }
        }
    }
}
