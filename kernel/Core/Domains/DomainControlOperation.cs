using System.Runtime.CompilerServices;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Domains;

/// <summary>Serves an operation of domctl on <paramref name="target"/>, which is held.</summary>
public delegate long DomainControlHandler(ref HypercallCall call, Domain target);

/// <summary>A row of domctl: an operation on a domain that exists.</summary>
public sealed class DomainControlOperation : SubOperation
{
    /// <summary>A row. <paramref name="unsealed"/>: it works on domains that have not started only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DomainControlOperation(uint number, string name, DomainControlHandler serve, Privilege privileges, bool unsealed = false)
        : base(number, name, DomainControl.Run, "domctl", privileges)
    {
        Serve = serve;
        IsUnsealed = unsealed;
    }

    /// <summary>Who serves it.</summary>
    public DomainControlHandler Serve { get; }

    /// <summary>It writes what is sealed when the domain starts.</summary>
    public bool IsUnsealed { get; }
}
