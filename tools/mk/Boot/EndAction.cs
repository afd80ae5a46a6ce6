namespace Mk.Boot;

/// <summary>What the core does when a domain ends (docs/manifest.md; the names are those of xl.cfg(5)).</summary>
public enum EndAction
{
    /// <summary>Tear the domain down.</summary>
    Destroy,

    /// <summary>Build it again from its modules.</summary>
    Restart,

    /// <summary>Keep it as it is, for a look at it.</summary>
    Preserve,

    /// <summary>Keep it under another name, and start the guest again; only in the whole system.</summary>
    RenameRestart,
}
