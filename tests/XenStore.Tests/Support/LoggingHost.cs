using System;
using System.Collections.Generic;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>Keeps what CONTROL gives to its surroundings.</summary>
internal sealed class LoggingHost : ControlHost
{
    internal List<string> Lines { get; } = [];

    internal Dictionary<string, string> Reports { get; } = [];

    internal List<string> LogFiles { get; } = [];

    internal List<string> Updates { get; } = [];

    public override void Print(string text) => Lines.Add(text);

    public override bool SetLogFile(string path)
    {
        LogFiles.Add(path);
        return path.StartsWith('/');
    }

    public override bool Report(string path, string text)
    {
        Reports[path] = text;
        return true;
    }

    public override string LiveUpdate(ReadOnlySpan<string> arguments)
    {
        Updates.Add(string.Join(' ', arguments));
        return "OK";
    }
}
