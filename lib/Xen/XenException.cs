using System.IO;

namespace Microkernel.Xen;

/// <summary>Linux or the hypervisor refused something. Both number their errors in the same way.</summary>
public sealed class XenException : IOException
{
    /// <summary>Makes the exception for an error number.</summary>
    /// <param name="tried">What was tried, as it follows "cannot".</param>
    /// <param name="error">The error number, positive.</param>
    public XenException(string tried, int error)
        : base($"cannot {tried}: {ErrorNumber.Describe(error)}")
    {
        Tried = tried;
        Error = error;
    }

    /// <summary>What was tried.</summary>
    public string Tried { get; }

    /// <summary>The error number, one of <see cref="ErrorNumber"/> or another one of Linux.</summary>
    public int Error { get; }

    /// <summary>The error's name, for example EPERM.</summary>
    public string ErrorName => ErrorNumber.NameOf(Error);
}
