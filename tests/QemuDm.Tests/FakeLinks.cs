using System;
using System.Collections.Generic;

namespace Microkernel.Services.QemuDm.Tests;

/// <summary>Guests in memory.</summary>
internal sealed class FakeLinks : IConsoleLinks
{
    internal Dictionary<uint, FakeGuest> Guests { get; } = [];

    public ConsoleLink Open(uint domain, uint grantReference, uint remotePort, Action notified)
    {
        if (!Guests.TryGetValue(domain, out FakeGuest? guest) || guest.IsGone)
            throw new ConsoleLinkException("there is no such grant");
        guest.Notified = notified;
        guest.IsMapped = true;
        return new Link(guest);
    }

    internal FakeGuest Add(uint domain) => Guests[domain] = new FakeGuest();

    private sealed class Link(FakeGuest guest) : ConsoleLink
    {
        public override Span<byte> Page => guest.IsMapped ? guest.Page : throw new InvalidOperationException("the page is not mapped");

        public override void Notify() => guest.Notifications++;

        protected override void Dispose(bool disposing) => (guest.IsMapped, guest.Notified) = (false, null);
    }
}
