using System;
using System.Threading;
using NUnit.Framework;

namespace Microkernel.Rpc.Tests;

/// <summary>Waiting for what happens elsewhere, with a limit.</summary>
internal static class Wait
{
    internal static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    internal static void Until(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(() => { Thread.Sleep(1); return condition(); }, Long))
            Assert.Fail($"waited in vain until {what}");
    }
}
