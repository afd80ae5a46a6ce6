using System;
using Microkernel.Services;
using Microkernel.XenStore.DomainMode;

namespace Microkernel.XenStore;

/// <summary>The program's start: as the first process of a domain it serves domains, otherwise a socket.</summary>
internal static class Program
{
    private const int FirstProcess = 1;

    private static int Main(string[] arguments) =>
        Environment.ProcessId == FirstProcess
            ? ServiceHost.Run("xenstore", arguments, DomainProgram.RunAsync)
            : 2;
}
