namespace Microkernel.Core.Abi;

/// <summary>Results of hypercalls: Xen's error numbers, negative (xen/errno.h).</summary>
public static class XenError
{
    public const long EPERM = -1;
    public const long ENOENT = -2;
    public const long ESRCH = -3;
    public const long ENXIO = -6;
    public const long E2BIG = -7;
    public const long EAGAIN = -11;
    public const long ENOMEM = -12;
    public const long EACCES = -13;
    public const long EFAULT = -14;
    public const long EBUSY = -16;
    public const long EEXIST = -17;
    public const long ENODEV = -19;
    public const long EINVAL = -22;
    public const long ENOSPC = -28;
    public const long EDOM = -33;
    public const long ERANGE = -34;
    public const long EDEADLK = -35;
    public const long ENOSYS = -38;
    public const long ENODATA = -61;
    public const long ETIME = -62;
    public const long EOVERFLOW = -75;
    public const long EILSEQ = -84;
    public const long EOPNOTSUPP = -95;
    public const long ENOBUFS = -105;
    public const long ETIMEDOUT = -110;
    public const long ESTALE = -116;
}
