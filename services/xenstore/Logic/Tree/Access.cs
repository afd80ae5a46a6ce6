using System;

namespace Microkernel.XenStore;

/// <summary>What somebody may do with a node.</summary>
[Flags]
public enum Access
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read its value, its children's names and its permissions.</summary>
    Read = 1,

    /// <summary>Change its value, remove it, make children.</summary>
    Write = 2,

    /// <summary>Change its permissions.</summary>
    Own = 4,

    /// <summary>Everything.</summary>
    All = Read | Write | Own,
}
