using System;

namespace Microkernel.Services.QemuDm;

/// <summary>Reaches guests' consoles.</summary>
public interface IConsoleLinks
{
    /// <summary>Maps a guest's console page and binds its port.</summary>
    /// <param name="domain">The guest.</param>
    /// <param name="grantReference">What it, or its builder, granted the page by.</param>
    /// <param name="remotePort">Its port.</param>
    /// <param name="notified">Called whenever the guest notifies, and once at the beginning; by one thread at a time.</param>
    /// <exception cref="ConsoleLinkException">The core refuses.</exception>
    ConsoleLink Open(uint domain, uint grantReference, uint remotePort, Action notified);
}
