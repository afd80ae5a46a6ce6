using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Grants;

/// <summary>An operation on an array of requests: Arg1 points to the next one, Arg2 says how many there are.</summary>
internal static class GrantBatch
{
    /// <summary>There are requests to serve; if not, the operation ends with <paramref name="result"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStart(in HypercallCall call, out long result)
    {
        result = (int)call.Arg2 < 0 ? XenError.EINVAL : 0;
        return (int)call.Arg2 > 0;
    }

    /// <summary>Moves on behind what is done; false if that was all for now: a long array is continued.</summary>
    public static bool TryNext(ref HypercallCall call, int size)
    {
        call.Arg1 += (uint)size;
        call.Arg2 = (uint)call.Arg2 - 1;
        if (call.Arg2 == 0 || !call.ShouldPreempt)
        {
            return call.Arg2 != 0;
        }

        call.Continue();
        return false;
    }
}
