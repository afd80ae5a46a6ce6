using System;
using System.Threading;

namespace Microkernel.Rings.Tests;

/// <summary>A wiring that counts what is asked of it.</summary>
internal sealed class CountedWiring(RingWiring wiring) : RingWiring
{
    private int _connects;
    private int _rings;
    private int _waits;

    internal int Connects => Volatile.Read(ref _connects);

    internal int Rings => Volatile.Read(ref _rings);

    internal int Waits => Volatile.Read(ref _waits);

    public override bool IsSecond => wiring.IsSecond;

    public override Span<byte> Memory => wiring.Memory;

    public override uint Listen() => wiring.Listen();

    public override bool Connect(uint port)
    {
        Interlocked.Increment(ref _connects);
        return wiring.Connect(port);
    }

    public override void Ring()
    {
        Interlocked.Increment(ref _rings);
        wiring.Ring();
    }

    public override void Wait(TimeSpan timeout)
    {
        Interlocked.Increment(ref _waits);
        wiring.Wait(timeout);
    }

    public override void Interrupt() => wiring.Interrupt();

    protected override void Dispose(bool disposing) => wiring.Dispose();
}
