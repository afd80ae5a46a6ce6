namespace Microkernel.XenStore;

/// <summary>The ways to change the tree. The numbers are in the journal.</summary>
public enum ChangeKind
{
    /// <summary>No change.</summary>
    None = 0,
    /// <summary>A node gets a value; it and those above it are made if they are not there.</summary>
    Write = 1,
    /// <summary>A node is made, and those above it.</summary>
    Create = 2,
    /// <summary>A node goes with everything below it.</summary>
    Remove = 3,
    /// <summary>A node, or a special event, gets permissions.</summary>
    SetPermissions = 4,
}
