using System;

namespace Microkernel.Services.QemuDm;

/// <summary>What a console may use.</summary>
/// <param name="Scrollback">The bytes of output that are kept of each, a power of two.</param>
/// <param name="Consoles">The most consoles.</param>
/// <param name="Readers">The most who read one console at a time.</param>
/// <param name="Time">The clock.</param>
public sealed record ConsoleLimits(int Scrollback, int Consoles, int Readers, TimeProvider Time)
{
    /// <summary>For a domain of 96 MiB.</summary>
    public static ConsoleLimits Normal { get; } = new(256 << 10, 128, 16, TimeProvider.System);
}
