using System.Text;
using Grpc.Core;

namespace Microkernel.XenStore.Rpc;

/// <summary>Checks what calls bring, and ends them with gRPC's codes.</summary>
internal static class Checked
{
    private const uint LargestDomain = 0x7fef;

    /// <summary>The number of a domain that can be introduced.</summary>
    internal static int Domain(uint domain) =>
        domain is > 0 and <= LargestDomain ? (int)domain : throw Invalid($"{domain} is no domain that could have a ring");

    /// <summary>The number of any domain.</summary>
    internal static int AnyDomain(uint domain) =>
        domain <= LargestDomain ? (int)domain : throw Invalid($"{domain} is no domain");

    /// <summary>A path.</summary>
    internal static byte[] Path(string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        return PathRules.IsValid(bytes) ? bytes : throw Invalid($"\"{path}\" is no absolute path of letters, digits and -/_@");
    }

    /// <summary>A path or a special event.</summary>
    internal static byte[] PathOrSpecial(string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        return PathRules.IsSpecial(bytes) ? bytes : Path(path);
    }

    /// <summary>What ends a call that the store has refused: Xen's name of the error, and what it means here.</summary>
    internal static RpcException Failure(StoreError error, string explanation)
    {
        StatusCode code = error switch
        {
            StoreError.EAGAIN => StatusCode.Aborted,
            StoreError.ENOSPC => StatusCode.ResourceExhausted,
            StoreError.ENOENT => StatusCode.NotFound,
            _ => StatusCode.FailedPrecondition,
        };
        return new RpcException(new Status(code, $"{error}: {explanation}"));
    }

    /// <summary>What ends a call that makes no sense.</summary>
    internal static RpcException Invalid(string explanation) => new(new Status(StatusCode.InvalidArgument, explanation));
}
