using System;
using Grpc.Core;
using Mk.Control;

namespace Mk.Store;

/// <summary>Says what the store has refused: in the words of Debian's commands, with the error's name and what to do about it.</summary>
public static class StoreFailure
{
    /// <summary>The error for a call's end.</summary>
    /// <param name="what">What the command could not do.</param>
    /// <param name="e">The call's end.</param>
    public static MkException Explain(string what, RpcException e) => e.StatusCode switch
    {
        StatusCode.NotFound => Refused(what, $"ENOENT: {e.Status.Detail}; 'mk xenstore ls' shows what there is"),
        StatusCode.InvalidArgument => Refused(what, $"EINVAL: {e.Status.Detail}"),
        StatusCode.ResourceExhausted when e.Status.Detail.StartsWith("ENOSPC", StringComparison.Ordinal) =>
            Refused(what, $"{e.Status.Detail}; 'mk xenstore stats' shows who has how much"),
        // Not the store's: a message that is too long for the ring to it.
        StatusCode.ResourceExhausted => Refused(what, e.Status.Detail),
        StatusCode.Aborted => Refused(what, "EAGAIN: somebody else keeps changing the same nodes; try again"),
        _ => CallFailure.Explain(e),
    };

    private static MkException Refused(string what, string why) => new(ExitCode.Usage, $"{what} ({why})");
}
