using System;
using Grpc.Core;

namespace Mk.Control;

/// <summary>Says what a failed call means to the operator.</summary>
public static class CallFailure
{
    /// <summary>The error for a call's end.</summary>
    public static MkException Explain(RpcException e) => e.StatusCode switch
    {
        StatusCode.Unavailable => new(ExitCode.NoSystem,
            $"the system does not answer: {e.Status.Detail}\n'mk service list' shows its services, {SystemFolder.DaemonLog} the rest; 'mk down' ends it"),
        StatusCode.Unimplemented => new(ExitCode.Usage, $"the running system does not know this: {e.Status.Detail}; is it older than mk? ('mk down', then 'mk up')"),
        StatusCode.DeadlineExceeded => new(ExitCode.TimeLimit, "no answer in time; 'mk service list' shows whether a service hangs"),
        StatusCode.Cancelled => new(ExitCode.Interrupted, "interrupted"),
        StatusCode.NotFound => new(ExitCode.Usage, e.Status.Detail),
        StatusCode.ResourceExhausted or StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.AlreadyExists
            or StatusCode.OutOfRange or StatusCode.Aborted or StatusCode.PermissionDenied => new(ExitCode.Usage, e.Status.Detail),
        _ => new(ExitCode.Usage, $"the system failed: {e.Status.Detail} ({e.StatusCode})"),
    };
}
