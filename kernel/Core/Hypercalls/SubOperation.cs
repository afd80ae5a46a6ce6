using Microkernel.Core.Domains;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// A row of the ABI table: an operation of a hypercall and which test covers it. For documentation and tests; nothing of it is in the
/// core's image.
/// </summary>
/// <param name="number">The operation's number within its hypercall.</param>
/// <param name="name">Its name in Xen's headers.</param>
/// <param name="test">The test guest of tests/guests that covers it.</param>
/// <param name="privileges">What the caller must hold one of, EPERM for others; none for everybody's operations.</param>
public sealed class SubOperation(uint number, string name, string test, Privilege privileges = Privilege.None)
{
    /// <summary>The operation's number within its hypercall.</summary>
    public uint Number => number;

    /// <summary>Its name in Xen's headers.</summary>
    public string Name => name;

    /// <summary>The test guest that covers it.</summary>
    public string Test => test;

    /// <summary>What the caller must hold one of; none for everybody's operations.</summary>
    public Privilege Privileges => privileges;

    /// <summary>What differs from Xen, if anything does.</summary>
    public string Note { get; init; } = "";
}
