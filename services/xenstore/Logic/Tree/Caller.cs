namespace Microkernel.XenStore;

/// <summary>On whose behalf something is done.</summary>
/// <param name="Domain">Its domain.</param>
/// <param name="Target">The domain whose rights it has too; -1 for none.</param>
/// <param name="IsPrivileged">Whether permissions do not bind it.</param>
public readonly record struct Caller(int Domain, int Target, bool IsPrivileged)
{
    /// <summary>The control domain.</summary>
    public static readonly Caller Control = new(0, -1, IsPrivileged: true);

    /// <summary>The domain that owns what the caller makes; -1: whoever owns the node above.</summary>
    public int Creator => IsPrivileged ? -1 : Domain;

    /// <summary>What the caller may do with a node of these permissions.</summary>
    public Access Rights(Permissions permissions)
    {
        if (IsPrivileged || permissions.Owner == Domain || permissions.Owner == Target)
            return Access.All;
        return permissions.Of(Domain, Target);
    }

    /// <summary>Whether the caller may do all of <paramref name="access"/> with a node of these permissions.</summary>
    public bool May(Access access, Permissions permissions) => (Rights(permissions) & access) == access;
}
