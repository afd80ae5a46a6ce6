using System;

namespace Microkernel.XenStore;

/// <summary>What a transaction has seen of a node, and must still be so when it ends.</summary>
[Flags]
internal enum Seen
{
    /// <summary>Its permissions, and that it exists.</summary>
    Permissions = 1,

    /// <summary>Its value and permissions, or that it does not exist.</summary>
    Value = 2,

    /// <summary>Its children's names.</summary>
    Listing = 4,
}
