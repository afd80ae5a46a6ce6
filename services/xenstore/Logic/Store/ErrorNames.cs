using System;

namespace Microkernel.XenStore;

/// <summary>The errors' names as they travel, each with a zero byte at its end.</summary>
public static class ErrorNames
{
    /// <summary>The name of an error.</summary>
    public static ReadOnlySpan<byte> Of(StoreError error) => error switch
    {
        StoreError.EINVAL => "EINVAL\0"u8,
        StoreError.EACCES => "EACCES\0"u8,
        StoreError.EEXIST => "EEXIST\0"u8,
        StoreError.ENOENT => "ENOENT\0"u8,
        StoreError.ENOSPC => "ENOSPC\0"u8,
        StoreError.EIO => "EIO\0"u8,
        StoreError.ENOSYS => "ENOSYS\0"u8,
        StoreError.EBUSY => "EBUSY\0"u8,
        StoreError.EAGAIN => "EAGAIN\0"u8,
        StoreError.E2BIG => "E2BIG\0"u8,
        StoreError.EPERM => "EPERM\0"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
