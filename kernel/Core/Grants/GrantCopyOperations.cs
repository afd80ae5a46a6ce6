using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Grants;

/// <summary>GNTTABOP_copy: copies between granted pages and the caller's own, each request with its own status.</summary>
public static class GrantCopyOperations
{
    /// <summary>GNTTABOP_copy.</summary>
    public static long Copy(ref HypercallCall call)
    {
        if (!GrantBatch.TryStart(in call, out long result))
            return result;

        do
        {
            if (!CopyRequest.TryRead(in call, out CopyRequest request))
                return XenError.EFAULT;

            short status = CopyOne(call.Domain, in request);
            if (!call.TryWrite(call.Arg1 + CopyRequest.StatusOffset(call.Is32), in status))
                return XenError.EFAULT;
        }
        while (GrantBatch.TryNext(ref call, call.Is32 ? GrantAbi.CopySize32 : GrantAbi.CopySize));
        return 0;
    }

    private static short CopyOne(Domain caller, in CopyRequest request)
    {
        short status = Resolve(caller, in request.Source, out Domain source);
        if (status != GrantAbi.Okay)
            return status;

        status = Resolve(caller, in request.Target, out Domain target);
        if (status != GrantAbi.Okay)
            return status;

        if (!request.IsWithinPages)
            return GrantAbi.BadCopyArgument;

        status = Take(caller, source, in request.Source, write: false, out GrantClaim from);
        if (status != GrantAbi.Okay)
            return status;

        status = Take(caller, target, in request.Target, write: true, out GrantClaim to);
        if (status == GrantAbi.Okay)
        {
            status = CopyBytes(caller.Kernel.Memory.Memory, in request, in from, in to);
            GiveBack(target, in request.Target, in to);
        }

        GiveBack(source, in request.Source, in from);
        return status;
    }

    // A page number is good for DOMID_SELF only.
    private static short Resolve(Domain caller, in CopyPlace place, out Domain domain)
    {
        domain = caller;
        if (place.Domain == DomainIds.Self)
            return GrantAbi.Okay;

        if (!place.IsReference)
            return GrantAbi.PermissionDenied;

        Domain? other = caller.Kernel.Domains.Find(place.Domain);
        domain = other ?? caller;
        return other == null ? GrantAbi.BadDomain : GrantAbi.Okay;
    }

    private static short Take(Domain caller, Domain domain, in CopyPlace place, bool write, out GrantClaim claim)
    {
        claim = new GrantClaim { Reference = (uint)place.Number, Length = PhysicalMemory.FrameSize, IsWritable = write };
        if (place.IsReference)
        {
            ushort id = place.Domain == DomainIds.Self ? caller.Id : place.Domain;
            return (short)domain.Grants.Claim(id, caller.Id, forCopy: true, ref claim);
        }

        bool taken = caller.Memory.TryPin(place.Number, out claim.Mfn);
        return taken ? GrantAbi.Okay : GrantAbi.BadPage;
    }

    private static void GiveBack(Domain domain, in CopyPlace place, in GrantClaim claim)
    {
        if (place.IsReference)
            domain.Grants.Release(in claim);
        else
            domain.Memory.Unpin(claim.Mfn);
    }

    private static short CopyBytes(PhysicalMemory memory, in CopyRequest request, in GrantClaim from, in GrantClaim to)
    {
        if (!Covers(in from, request.Source.Offset, request.Length) || !Covers(in to, request.Target.Offset, request.Length))
            return GrantAbi.GeneralError;

        using FrameView source = new(memory, from.Mfn);
        using FrameView target = new(memory, to.Mfn);
        source.Bytes.Slice(request.Source.Offset, request.Length)
            .CopyTo(target.Bytes.Slice(request.Target.Offset, request.Length));
        return GrantAbi.Okay;
    }

    private static bool Covers(in GrantClaim claim, int offset, int length) =>
        offset >= claim.Offset && offset + length <= claim.Offset + claim.Length;
}
