using System;

namespace Microkernel.Services.QemuDm;

/// <summary>A guest's console as it was granted: its page, and a port to it.</summary>
public abstract class ConsoleLink : IDisposable
{
    /// <summary>The page, until <see cref="Dispose()"/>; the guest writes to it whenever and whatever it likes.</summary>
    public abstract Span<byte> Page { get; }

    /// <summary>Tells the guest to look at its page. Never blocks.</summary>
    public abstract void Notify();

    /// <summary>Unmaps the page and closes the port. Nobody uses them any more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the link holds.</summary>
    protected abstract void Dispose(bool disposing);
}
