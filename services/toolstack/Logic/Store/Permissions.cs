using Microkernel.Protos.Xenstore;

namespace Microkernel.Services.Toolstack.Store;

/// <summary>The permissions that nodes of guests have.</summary>
internal static class Permissions
{
    /// <summary>The toolstack's; nobody else sees it.</summary>
    internal static PermissionList Hidden(uint owner) => new() { Permissions = { Of(owner, Access.None) } };

    /// <summary>The toolstack's; the guest may read it.</summary>
    internal static PermissionList Readable(uint owner, uint guest) =>
        new() { Permissions = { Of(owner, Access.None), Of(guest, Access.Read) } };

    /// <summary>The guest's own; other guests do not see it.</summary>
    internal static PermissionList Own(uint guest) => new() { Permissions = { Of(guest, Access.None) } };

    private static Permission Of(uint domain, Access access) => new() { Domain = domain, Access = access };
}
