using System.Globalization;

namespace Microkernel.Xen;

/// <summary>The error numbers that the hypervisor and Linux' Xen devices answer with.</summary>
public static class ErrorNumber
{
    /// <summary>Not allowed.</summary>
    public const int NotPermitted = 1;

    /// <summary>No such file, object, entry.</summary>
    public const int NotFound = 2;

    /// <summary>No such domain or vCPU.</summary>
    public const int NoSuchDomain = 3;

    /// <summary>A signal came.</summary>
    public const int Interrupted = 4;

    /// <summary>The device failed.</summary>
    public const int Io = 5;

    /// <summary>More than there is room for.</summary>
    public const int TooBig = 7;

    /// <summary>Bad file descriptor.</summary>
    public const int BadDescriptor = 9;

    /// <summary>Not now: try again.</summary>
    public const int Again = 11;

    /// <summary>No memory.</summary>
    public const int NoMemory = 12;

    /// <summary>Refused: a wrong interface version, or a domain that is sealed.</summary>
    public const int Access = 13;

    /// <summary>A bad address.</summary>
    public const int Fault = 14;

    /// <summary>In use.</summary>
    public const int Busy = 16;

    /// <summary>Exists already.</summary>
    public const int Exists = 17;

    /// <summary>No such device.</summary>
    public const int NoDevice = 19;

    /// <summary>A bad argument.</summary>
    public const int Invalid = 22;

    /// <summary>A table is full.</summary>
    public const int NoSpace = 28;

    /// <summary>Out of range.</summary>
    public const int Range = 34;

    /// <summary>Not implemented.</summary>
    public const int NotImplemented = 38;

    /// <summary>Interrupted, to be called again.</summary>
    public const int Restart = 85;

    /// <summary>Not supported.</summary>
    public const int NotSupported = 95;

    /// <summary>No buffers.</summary>
    public const int NoBuffers = 105;

    /// <summary>Connected already.</summary>
    public const int IsConnected = 106;

    /// <summary>Not connected.</summary>
    public const int NotConnected = 107;

    /// <summary>Made on an old picture.</summary>
    public const int Stale = 116;

    /// <summary>The name of an error as Linux writes it; "error N" for one that has none here.</summary>
    public static string NameOf(int error) => error switch
    {
        NotPermitted => "EPERM",
        NotFound => "ENOENT",
        NoSuchDomain => "ESRCH",
        Interrupted => "EINTR",
        Io => "EIO",
        TooBig => "E2BIG",
        BadDescriptor => "EBADF",
        Again => "EAGAIN",
        NoMemory => "ENOMEM",
        Access => "EACCES",
        Fault => "EFAULT",
        Busy => "EBUSY",
        Exists => "EEXIST",
        NoDevice => "ENODEV",
        Invalid => "EINVAL",
        NoSpace => "ENOSPC",
        Range => "ERANGE",
        NotImplemented => "ENOSYS",
        Restart => "ERESTART",
        NotSupported => "EOPNOTSUPP",
        NoBuffers => "ENOBUFS",
        IsConnected => "EISCONN",
        NotConnected => "ENOTCONN",
        Stale => "ESTALE",
        _ => string.Create(CultureInfo.InvariantCulture, $"error {error}"),
    };

    /// <summary>An error's name and meaning.</summary>
    internal static string Describe(int error) => error switch
    {
        NotPermitted => "EPERM: this domain has no privilege for it",
        NotFound => "ENOENT: there is no such thing",
        NoSuchDomain => "ESRCH: there is no such domain",
        NoDevice => "ENODEV: the kernel finds no Xen below it",
        NotImplemented => "ENOSYS: the hypervisor does not know this call",
        _ => NameOf(error),
    };
}
