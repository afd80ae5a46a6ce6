using Grpc.Core;

namespace Microkernel.Services.Memory.Domains;

/// <summary>What calls fail with.</summary>
internal static class Failure
{
    internal static RpcException Argument(string message) => New(StatusCode.InvalidArgument, message);

    internal static RpcException NotFound(string message) => New(StatusCode.NotFound, message);

    internal static RpcException Denied(string message) => New(StatusCode.PermissionDenied, message);

    internal static RpcException Exhausted(string message) => New(StatusCode.ResourceExhausted, message);

    internal static RpcException Precondition(string message) => New(StatusCode.FailedPrecondition, message);

    internal static RpcException Aborted(string message) => New(StatusCode.Aborted, message);

    internal static RpcException Internal(string message) => New(StatusCode.Internal, message);

    private static RpcException New(StatusCode status, string message) => new(new Status(status, message));
}
