namespace Microkernel.XenStore;

/// <summary>The errors of the protocol; their names travel on the wire.</summary>
public enum StoreError
{
    /// <summary>It worked.</summary>
    None,
    /// <summary>The request makes no sense.</summary>
    EINVAL,
    /// <summary>The caller may not.</summary>
    EACCES,
    /// <summary>It is there already.</summary>
    EEXIST,
    /// <summary>It is not there.</summary>
    ENOENT,
    /// <summary>A quota is used up, or the store is full.</summary>
    ENOSPC,
    /// <summary>The state could not be recorded.</summary>
    EIO,
    /// <summary>No such request.</summary>
    ENOSYS,
    /// <summary>Something is in the way.</summary>
    EBUSY,
    /// <summary>Others have changed what the transaction saw.</summary>
    EAGAIN,
    /// <summary>More than fits.</summary>
    E2BIG,
    /// <summary>Only the control domain may.</summary>
    EPERM,
}
