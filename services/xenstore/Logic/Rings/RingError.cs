namespace Microkernel.XenStore;

/// <summary>Why the server gave a ring up; what its page says.</summary>
public enum RingError : uint
{
    /// <summary>It did not.</summary>
    None = 0,
    /// <summary>The bell does not work.</summary>
    Communication = 1,
    /// <summary>An index makes no sense.</summary>
    Index = 2,
    /// <summary>A message is too long.</summary>
    Protocol = 3,
}
