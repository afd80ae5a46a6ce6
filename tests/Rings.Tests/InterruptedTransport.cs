using System;

namespace Microkernel.Rings.Tests;

/// <summary>A transport during whose n-th look at the connection something happens. Until then no wait takes any time.</summary>
internal sealed class InterruptedTransport(RingTransport transport, int look, Action interruption) : RingTransport
{
    private int _looks;

    public override bool IsSecond => transport.IsSecond;

    public override Span<byte> Memory => transport.Memory;

    public override bool IsConnected
    {
        get
        {
            if (++_looks == look)
                interruption();
            return transport.IsConnected;
        }
    }

    public override void Notify() => transport.Notify();

    public override void Wait(TimeSpan timeout) => transport.Wait(_looks < look ? TimeSpan.Zero : timeout);

    public override void Disconnect() => transport.Disconnect();

    protected override void Dispose(bool disposing) => transport.Dispose();
}
