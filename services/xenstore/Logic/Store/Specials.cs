using System;

namespace Microkernel.XenStore;

/// <summary>The special events, which can be watched and have permissions.</summary>
public sealed class Specials
{
    private Permissions _introduce = new(new Permission(0, Access.None));
    private Permissions _release = new(new Permission(0, Access.None));

    /// <summary>A domain was introduced.</summary>
    public static ReadOnlySpan<byte> Introduce => "@introduceDomain"u8;

    /// <summary>A domain was shut down or is gone.</summary>
    public static ReadOnlySpan<byte> Release => "@releaseDomain"u8;

    /// <summary>The permissions of an event; null if there is no such.</summary>
    public Permissions? Find(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(Introduce))
            return _introduce;
        return name.SequenceEqual(Release) ? _release : null;
    }

    /// <summary>Sets the permissions of an event that there is.</summary>
    internal void Set(ReadOnlySpan<byte> name, Permissions permissions)
    {
        if (name.SequenceEqual(Introduce))
            _introduce = permissions;
        else
            _release = permissions;
    }

    /// <summary>Takes a domain out of the permissions.</summary>
    internal void Forget(int domain)
    {
        _introduce = _introduce.Without(domain);
        _release = _release.Without(domain);
    }
}
