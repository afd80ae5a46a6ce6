using Grpc.Core;

namespace Microkernel.Services.Toolstack;

/// <summary>What calls fail with.</summary>
internal static class Failure
{
    internal static RpcException Argument(string message) => New(StatusCode.InvalidArgument, message);

    internal static RpcException NotFound(string message) => New(StatusCode.NotFound, message);

    internal static RpcException Exists(string message) => New(StatusCode.AlreadyExists, message);

    internal static RpcException Exhausted(string message) => New(StatusCode.ResourceExhausted, message);

    internal static RpcException Precondition(string message) => New(StatusCode.FailedPrecondition, message);

    internal static RpcException OutOfRange(string message) => New(StatusCode.OutOfRange, message);

    internal static RpcException Unavailable(string message) => New(StatusCode.Unavailable, message);

    private static RpcException New(StatusCode status, string message) => new(new Status(status, message));
}
