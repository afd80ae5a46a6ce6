using System.Runtime.CompilerServices;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// A row of the ABI table: an operation of a hypercall, who serves it and which test covers it. What is only for documentation and tests
/// is not in the core's image.
/// </summary>
public sealed class SubOperation
{
    /// <summary>A row for an implemented operation. <paramref name="test"/> names a guest of tests/guests.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // so that texts that nobody stores vanish
    public SubOperation(uint number, string name, HypercallHandler handler, string test)
        : this(number, handler)
    {
#if !FREESTANDING
        Name = name;
        Test = test;
#endif
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // more than a hundred rows: inlined, the tables cost kilobytes of code
    private SubOperation(uint number, HypercallHandler handler)
    {
        Number = number;
        Handler = handler;
    }

    /// <summary>The operation's number within its hypercall.</summary>
    public uint Number { get; }

    /// <summary>Who serves it.</summary>
    public HypercallHandler Handler { get; }

#if FREESTANDING
    /// <summary>What differs from Xen, if anything does.</summary>
    public string Note
    {
        init { }
    }
#else
    /// <summary>What differs from Xen, if anything does.</summary>
    public string Note { get; init; } = "";

    /// <summary>The operation's name in Xen's headers.</summary>
    public string Name { get; } = "";

    /// <summary>The test guest that covers it.</summary>
    public string Test { get; } = "";
#endif
}
