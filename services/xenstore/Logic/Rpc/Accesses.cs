using Google.Protobuf.Collections;
using Grpc.Core;

namespace Microkernel.XenStore.Rpc;

/// <summary>Rights as messages have them.</summary>
internal static class Accesses
{
    internal static void Copy(Permissions permissions, RepeatedField<Protos.Xenstore.Permission> to)
    {
        foreach (Permission permission in permissions.Entries)
            to.Add(new Protos.Xenstore.Permission { Domain = (uint)permission.Domain, Access = ToMessage(permission.Access) });
    }

    internal static Permission FromMessage(Protos.Xenstore.Permission permission) =>
        new(Checked.AnyDomain(permission.Domain), FromMessage(permission.Access));

    private static Protos.Xenstore.Access ToMessage(Access access) => (access & (Access.Read | Access.Write)) switch
    {
        Access.Read => Protos.Xenstore.Access.Read,
        Access.Write => Protos.Xenstore.Access.Write,
        Access.Read | Access.Write => Protos.Xenstore.Access.ReadWrite,
        _ => Protos.Xenstore.Access.None,
    };

    private static Access FromMessage(Protos.Xenstore.Access access) => access switch
    {
        Protos.Xenstore.Access.None => Access.None,
        Protos.Xenstore.Access.Read => Access.Read,
        Protos.Xenstore.Access.Write => Access.Write,
        Protos.Xenstore.Access.ReadWrite => Access.Read | Access.Write,
        _ => throw new RpcException(new Status(StatusCode.InvalidArgument, $"{access} is no access")),
    };
}
