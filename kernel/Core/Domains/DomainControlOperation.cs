using System.Runtime.CompilerServices;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Domains;

/// <summary>Serves an operation of domctl on <paramref name="target"/>, which is held.</summary>
public delegate long DomainControlHandler(ref HypercallCall call, Domain target);

/// <summary>A row of domctl: an operation on a domain that exists.</summary>
public sealed class DomainControlOperation : SubOperation
{
    /// <summary>A row. <paramref name="unsealed"/>: it works on domains that have not started only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // as with SubOperation
    public DomainControlOperation(uint number, string name, DomainControlHandler serve, Privilege privileges, bool unsealed = false)
        : this(number, serve, privileges, unsealed) => Describe(name, "domctl");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DomainControlOperation(uint number, DomainControlHandler serve, Privilege privileges, bool unsealed)
        : base(number, DomainControl.Run, privileges)
    {
        Serve = serve;
        IsUnsealed = unsealed;
    }

    /// <summary>Who serves it.</summary>
    public DomainControlHandler Serve { get; }

    /// <summary>It writes what is sealed when the domain starts.</summary>
    public bool IsUnsealed { get; }
}
