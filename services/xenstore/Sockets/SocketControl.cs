using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>CONTROL on plain Linux.</summary>
internal sealed class SocketControl : ControlHost
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly FileLog _log;
    private readonly SocketOptions _options;
    private string? _program;

    internal SocketControl(FileLog log, SocketOptions options)
    {
        _log = log;
        _options = options;
    }

    /// <summary>Whether the loop is to end because another program goes on.</summary>
    internal bool IsUpdating { get; private set; }

    /// <summary>The loop, once there is one.</summary>
    internal SocketLoop? Loop { private get; set; }

    public override bool SetLogFile(string path) => _log.TryMove(path);

    public override void Print(string text) => _log.Write(text);

    public override bool Report(string path, string text)
    {
        if (path.Length == 0)
        {
            _log.Write(text);
            return true;
        }
        try
        {
            File.WriteAllText(path, text);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.Complain($"the report cannot be written to {path}: {failure.Message}");
            return false;
        }
    }

    /// <summary>-f names the new program, -s starts it in this one's place: the store goes on from its journal.</summary>
    public override string LiveUpdate(ReadOnlySpan<string> arguments)
    {
        switch (arguments)
        {
            case ["-a"]:
                _program = null;
                return "OK";
            case ["-f", var path]:
                if (!File.Exists(path))
                    return $"there is no {path}";
                if ((File.GetUnixFileMode(path) & Executable) == 0)
                    return $"{path} is not executable";
                _program = path;
                return "OK";
            case ["-s", ..] when _options.StateFolder is null:
                return "without a state folder there is nothing to go on from";
            case ["-s", ..]:
                IsUpdating = true;
                Loop!.IsStopping = true;
                return "OK";
            default:
                return "only -f FILE, -s and -a are possible";
        }
    }

    /// <summary>
    /// After the loop has ended: starts the new program in this process, which goes on with the journal and the sockets. Returns only if that
    /// cannot be; then the loop may go on.
    /// </summary>
    internal void StartNext(int listener)
    {
        string program = _program ?? Environment.ProcessPath!;
        _log.Write($"live update: {program}");
        string[] own = File.ReadAllText("/proc/self/cmdline").Split('\0')[..^1];
        // Where this program is run by dotnet, its own file is the first argument; a named one stands for both.
        IEnumerable<string> arguments = _program is null ? own : [program, .. own.Skip(own[0].EndsWith("dotnet", StringComparison.Ordinal) ? 2 : 1)];
        IEnumerable<string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static v => $"{v.Key}={v.Value}");
        Handover.Write(_options.StateFolder!, listener, Loop!.Connections);
        _ = LibC.Execute(Encoding.UTF8.GetBytes(program + '\0'), Pointers(arguments), Pointers(environment));
        _log.Complain($"live update: {program} cannot be started (error {Marshal.GetLastPInvokeError()}); this program goes on");
        Handover.Withdraw(_options.StateFolder!, listener, Loop!.Connections);
        _program = null;
        IsUpdating = Loop.IsStopping = false;
    }

    /// <summary>A list of strings as C has it; never freed, for the process ends with it.</summary>
    private static nint[] Pointers(IEnumerable<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];
}
