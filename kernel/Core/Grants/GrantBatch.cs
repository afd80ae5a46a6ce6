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
        if ((int)call.Arg2 > 0)
        {
            result = 0;
            return true;
        }

        result = (int)call.Arg2 < 0 ? XenError.EINVAL : 0;
        return false;
    }

    /// <summary>Moves on behind what is done; false if that was all for now: a long array is continued.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryNext(ref HypercallCall call, int size)
    {
        call.Arg1 += (uint)size;
        uint left = (uint)call.Arg2 - 1;
        call.Arg2 = left;
        if (left == 0 || !call.ShouldPreempt)
            return left != 0;

        call.Continue();
        return false;
    }
}
