using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The domain that an operation works on: the caller's own, or another one that its privileges let it work on, which is held until
/// disposed, so that it neither goes away nor starts meanwhile.
/// </summary>
public readonly ref struct TargetDomain : IDisposable
{
    private readonly bool _isHeld;

    /// <summary>
    /// Finds the domain. <paramref name="unsealed"/>: the operation writes memory or state, which ends for others when the domain starts.
    /// <see cref="Error"/> is 0, EPERM, ESRCH or, for a domain that is sealed, EACCES.
    /// </summary>
    public TargetDomain(in HypercallCall call, ushort id, Privilege privileges, bool unsealed)
    {
        Domain = call.Domain;
        if (id == DomainIds.Self || id == Domain.Id)
            return;

        Domain? other = Domain.Kernel.Domains.Find(id);
        if ((Domain.Config.Privileges & privileges) == 0)
        {
            Error = DomainArgument.CheckSelf(in call, id);
            return;
        }

        Error = XenError.ESRCH;
        if (other == null)
            return;

        other.ControlLock.Enter();
        _isHeld = true;
        Domain = other;
        if (other.Id == id)
            Error = unsealed && (other.State != DomainState.Created || other.IsEnding) ? XenError.EACCES : 0;
    }

    /// <summary>The domain, if there is no <see cref="Error"/>.</summary>
    public Domain Domain { get; }

    /// <summary>Why the caller cannot work on it.</summary>
    public long Error { get; }

    /// <summary>It is not the caller's own.</summary>
    public bool IsForeign => _isHeld;

    /// <summary>Lets go of it.</summary>
    public void Dispose()
    {
        if (_isHeld)
            Domain.ControlLock.Exit();
    }
}
