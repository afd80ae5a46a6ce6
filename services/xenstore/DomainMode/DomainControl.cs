using System;
using Microkernel.Services;

namespace Microkernel.XenStore.DomainMode;

/// <summary>CONTROL in the store's own domain: its log is the console.</summary>
internal sealed class DomainControl : ControlHost
{
    private readonly ServiceHost _host;

    internal DomainControl(ServiceHost host) => _host = host;

    public override void Print(string text) => _host.Log.Info(text);

    public override bool Report(string path, string text)
    {
        if (path.Length > 0)
            return false;
        _host.Log.Info(text);
        return true;
    }

    /// <summary>A new program comes with the domain's image: the domain ends in order, is started again, and goes on.</summary>
    public override string LiveUpdate(ReadOnlySpan<string> arguments)
    {
        if (arguments is not ["-s", ..])
            return "the program is part of the domain's image: only -s is possible";
        _host.Stop("live update");
        return "OK";
    }
}
