using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace Microkernel.Services;

/// <summary>
/// The service's log, on the domain's console: "SECONDS LEVEL text", the time since the domain's start. Any thread may use it. What
/// other domains sent may be part of a text: it cannot begin a line or steer a terminal.
/// </summary>
public sealed class ServiceLog
{
    private const string Continuation = "    ";

    private readonly Lock _lock = new();
    private readonly Stream _output;

    /// <summary>Writes to a stream.</summary>
    public ServiceLog(Stream output) => _output = output;

    /// <summary>Lines below this level are dropped.</summary>
    public LogLevel Least { get; set; } = LogLevel.Info;

    /// <summary>Writes a line of level Debug.</summary>
    public void Debug(string text) => Write(LogLevel.Debug, text);

    /// <summary>Writes a line of level Info.</summary>
    public void Info(string text) => Write(LogLevel.Info, text);

    /// <summary>Writes a line of level Warning.</summary>
    public void Warning(string text) => Write(LogLevel.Warning, text);

    /// <summary>Writes a line of level Error.</summary>
    public void Error(string text) => Write(LogLevel.Error, text);

    /// <summary>Writes a line of level Error, and the exception with its stack after it.</summary>
    public void Error(string text, Exception cause) => Write(LogLevel.Error, $"{text}: {cause}");

    /// <summary>Writes a line; further lines of the text are indented.</summary>
    public void Write(LogLevel level, string text)
    {
        if (level < Least)
            return;
        byte[] line = Encoding.UTF8.GetBytes(Format(Environment.TickCount64, level, text));
        lock (_lock)
        {
            try
            {
                _output.Write(line);
                _output.Flush();
            }
            catch (IOException)
            {
                // There is nowhere to say that the console is gone, and it is no reason to stop.
            }
        }
    }

    internal static string Format(long milliseconds, LogLevel level, string text)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{milliseconds / 1000}.{milliseconds % 1000:D3} {NameOf(level)} ");
        foreach (char c in text.TrimEnd())
        {
            if (c == '\n')
                line.Append('\n').Append(Continuation);
            else
                line.Append(char.IsControl(c) ? '?' : c);
        }
        return line.Append('\n').ToString();
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Debug => "debug",
        LogLevel.Info => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };
}
