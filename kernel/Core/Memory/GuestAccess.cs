namespace Microkernel.Core.Memory;

/// <summary>How the core touches guest memory on the guest's behalf.</summary>
public enum GuestAccess
{
    /// <summary>Its kernel reads data.</summary>
    Read,

    /// <summary>Its kernel writes data.</summary>
    Write,

    /// <summary>An instruction that it has executed already is read again.</summary>
    Fetch,
}
