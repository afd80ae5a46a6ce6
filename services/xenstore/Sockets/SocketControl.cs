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
    private readonly FileLog _log;
    private readonly SocketOptions _options;
    private string? _program;
    private bool _isUpdating;

    internal SocketControl(FileLog log, SocketOptions options)
    {
        _log = log;
        _options = options;
    }

    /// <summary>The loop, once there is one.</summary>
    internal SocketLoop? Loop { private get; set; }

    public override bool SetLogging(bool isOn)
    {
        _log.Write(isOn ? "log on" : "log off");
        return true;
    }

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
                _program = path;
                return "OK";
            case ["-s", ..] when _options.StateFolder is null:
                return "without a state folder there is nothing to go on from";
            case ["-s", ..]:
                _isUpdating = true;
                Loop!.IsStopping = true;
                return "OK";
            default:
                return "only -f FILE, -s and -a are possible";
        }
    }

    /// <summary>After the loop has ended: starts the new program, if that is what ended it.</summary>
    internal int Finish()
    {
        if (!_isUpdating)
            return 0;
        string program = _program ?? Environment.ProcessPath!;
        _log.Write($"live update: {program}");
        List<string> arguments = [program, .. Environment.GetCommandLineArgs().Skip(1)];
        IEnumerable<string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static v => $"{v.Key}={v.Value}");
        _ = LibC.Execute(Encoding.UTF8.GetBytes(program + '\0'), Pointers(arguments), Pointers(environment));
        _log.Complain($"{program} cannot be started: error {Marshal.GetLastPInvokeError()}");
        return 1;
    }

    /// <summary>A list of strings as C has it; never freed, for the process ends with it.</summary>
    private static nint[] Pointers(IEnumerable<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];
}
