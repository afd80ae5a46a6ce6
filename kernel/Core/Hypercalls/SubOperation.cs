using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// A row of the ABI table: an operation of a hypercall, who serves it and which test covers it. What is only for documentation and tests
/// is not in the core's image.
/// </summary>
public class SubOperation
{
    private readonly HypercallHandler? _privileged;

    /// <summary>A row for an implemented operation. <paramref name="test"/> names a guest of tests/guests.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // so that texts that nobody stores vanish
    public SubOperation(uint number, string name, HypercallHandler handler, string test)
        : this(number, handler) => Describe(name, test);

    /// <summary>A row for an operation that only domains with one of the <paramref name="privileges"/> may use: EPERM for others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SubOperation(uint number, string name, HypercallHandler handler, string test, Privilege privileges)
        : this(number, handler, privileges) => Describe(name, test);

    /// <summary>The same without texts, which <see cref="Describe"/> adds.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected SubOperation(uint number, HypercallHandler handler, Privilege privileges)
    {
        Number = number;
        Privileges = privileges;
        _privileged = handler;
        Handler = CheckAndServe;
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

    /// <summary>What the caller must hold one of; none for everybody's operations.</summary>
    public Privilege Privileges { get; }

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
    public string Name { get; private set; } = "";

    /// <summary>The test guest that covers it.</summary>
    public string Test { get; private set; } = "";
#endif

    /// <summary>Says what the row is called and which guest covers it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Describe(string name, string test)
    {
#if !FREESTANDING
        Name = name;
        Test = test;
#endif
    }

    /// <summary>The domain holds one of the privileges.</summary>
    public bool IsAllowed(Domain caller) => (caller.Config.Privileges & Privileges) != 0;

    // In place of the handler, so that operations for everybody pay nothing for the check.
    private long CheckAndServe(ref HypercallCall call) => IsAllowed(call.Domain) ? _privileged!(ref call) : XenError.EPERM;
}
