using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>What the end of a domain means for its guest. No end at all: the domain has disappeared.</summary>
internal static class EndRules
{
    /// <summary>For people: what the guest did.</summary>
    internal static string Describe(DomainEnd? end) => end switch
    {
        DomainEnd.PowerOff => "powered off",
        DomainEnd.Reboot => "rebooted",
        DomainEnd.Suspend => "suspended itself, and nothing here can resume it",
        DomainEnd.Crash => "crashed",
        DomainEnd.Watchdog => "did not reset its watchdog in time",
        DomainEnd.SoftReset => "wanted a soft reset, which does not exist here",
        _ => "disappeared",
    };

    /// <summary>The event that listeners hear.</summary>
    internal static GuestEventKind KindOf(DomainEnd? end) => end switch
    {
        DomainEnd.PowerOff => GuestEventKind.PoweredOff,
        DomainEnd.Reboot => GuestEventKind.Rebooted,
        _ => GuestEventKind.Crashed,
    };

    /// <summary>What the configuration wants to follow.</summary>
    internal static EndAction ActionFor(GuestConfig config, DomainEnd? end) => end switch
    {
        DomainEnd.PowerOff => config.OnPoweroff,
        DomainEnd.Reboot => config.OnReboot,
        DomainEnd.Suspend => EndAction.Preserve,
        // Nothing is there that could be kept.
        null => EndAction.Destroy,
        _ => config.OnCrash,
    };
}
