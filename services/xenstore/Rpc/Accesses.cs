using Grpc.Core;

namespace Microkernel.XenStore.Rpc;

/// <summary>Rights as messages have them.</summary>
internal static class Accesses
{
    internal static Protos.Xenstore.Access ToMessage(Access access) => (access & (Access.Read | Access.Write)) switch
    {
        Access.Read => Protos.Xenstore.Access.Read,
        Access.Write => Protos.Xenstore.Access.Write,
        Access.Read | Access.Write => Protos.Xenstore.Access.ReadWrite,
        _ => Protos.Xenstore.Access.None,
    };

    internal static Access FromMessage(Protos.Xenstore.Access access) => access switch
    {
        Protos.Xenstore.Access.None => Access.None,
        Protos.Xenstore.Access.Read => Access.Read,
        Protos.Xenstore.Access.Write => Access.Write,
        Protos.Xenstore.Access.ReadWrite => Access.Read | Access.Write,
        _ => throw new RpcException(new Status(StatusCode.InvalidArgument, $"{access} is no access")),
    };
}
