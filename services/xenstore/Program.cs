using System;
using Microkernel.Services;
using Microkernel.XenStore.DomainMode;
using Microkernel.XenStore.Sockets;

namespace Microkernel.XenStore;

/// <summary>The program's start: as the first process of a domain it serves domains, otherwise a socket.</summary>
internal static class Program
{
    private const int FirstProcess = 1;
    private const int WrongUsage = 2;

    private static int Main(string[] arguments)
    {
        if (Environment.ProcessId == FirstProcess)
            return ServiceHost.Run("xenstore", arguments, DomainProgram.RunAsync);
        if (SocketOptions.Parse(arguments) is { } options)
            return SocketProgram.Run(options);
        Console.Error.WriteLine(SocketOptions.Usage);
        return WrongUsage;
    }
}
