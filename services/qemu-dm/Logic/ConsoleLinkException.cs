using System;

namespace Microkernel.Services.QemuDm;

/// <summary>A guest's console cannot be reached.</summary>
public sealed class ConsoleLinkException : Exception
{
    /// <summary>Makes one.</summary>
    public ConsoleLinkException(string message)
        : base(message)
    {
    }
}
