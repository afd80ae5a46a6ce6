namespace Microkernel.Core.Domains;

/// <summary>What is done with a domain that has ended (xl.cfg: on_poweroff, on_reboot, on_crash).</summary>
public enum EndAction
{
    /// <summary>Tear it down.</summary>
    Destroy,

    /// <summary>Tear it down and build it again under a new domain id.</summary>
    Restart,

    /// <summary>Keep it as it is, for inspection.</summary>
    Preserve,
}
