using System;
using System.Threading;

namespace Microkernel.HostileService;

/// <summary>A service that answers nobody any more.</summary>
internal static class Silence
{
    private const int Blockers = 256;

    /// <summary>Every thread that could serve a call is busy for ever, soon; rings are still read.</summary>
    internal static void Begin() => new Thread(Hang).Start();

    private static void Hang()
    {
        // The answer that is on its way leaves first.
        Thread.Sleep(TimeSpan.FromSeconds(1));
        ThreadPool.SetMaxThreads(1, 1);
        for (int i = 0; i < Blockers; i++)
            ThreadPool.QueueUserWorkItem(static _ => Thread.Sleep(Timeout.Infinite));
    }
}
