using System.Runtime.CompilerServices;

namespace Microkernel.Core.Hypercalls;

/// <summary>A row of the ABI table: an operation of a hypercall, who serves it and which test covers it.</summary>
public sealed class SubOperation
{
    /// <summary>A row for an implemented operation. <paramref name="test"/> names a guest of tests/guests.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // more than a hundred rows: inlined, the tables cost kilobytes of code
    public SubOperation(uint number, string name, HypercallHandler handler, string test)
    {
        Number = number;
        Name = name;
        Handler = handler;
        Test = test;
    }

    /// <summary>The operation's number within its hypercall.</summary>
    public uint Number { get; }

    /// <summary>Its name in Xen's headers.</summary>
    public string Name { get; }

    /// <summary>Who serves it.</summary>
    public HypercallHandler Handler { get; }

    /// <summary>The test guest that covers it.</summary>
    public string Test { get; }

    /// <summary>What differs from Xen, if anything does.</summary>
    public string Note { get; init; } = "";
}
