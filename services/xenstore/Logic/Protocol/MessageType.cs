namespace Microkernel.XenStore;

/// <summary>What a message is; Xen's numbers (io/xs_wire.h).</summary>
public enum MessageType : uint
{
    /// <summary>Commands to the server itself.</summary>
    Control = 0,
    /// <summary>The names of a node's children.</summary>
    Directory = 1,
    /// <summary>A node's value.</summary>
    Read = 2,
    /// <summary>A node's permissions.</summary>
    GetPermissions = 3,
    /// <summary>Asks for events.</summary>
    Watch = 4,
    /// <summary>No more of these events.</summary>
    Unwatch = 5,
    /// <summary>Begins a transaction.</summary>
    TransactionStart = 6,
    /// <summary>Ends a transaction.</summary>
    TransactionEnd = 7,
    /// <summary>Connects a domain.</summary>
    Introduce = 8,
    /// <summary>Forgets a domain.</summary>
    Release = 9,
    /// <summary>A domain's own place in the tree.</summary>
    GetDomainPath = 10,
    /// <summary>Gives a node a value.</summary>
    Write = 11,
    /// <summary>Makes a node.</summary>
    MakeDirectory = 12,
    /// <summary>Removes a node.</summary>
    Remove = 13,
    /// <summary>Changes a node's permissions.</summary>
    SetPermissions = 14,
    /// <summary>To a client: something changed.</summary>
    WatchEvent = 15,
    /// <summary>To a client: the request failed.</summary>
    Error = 16,
    /// <summary>Whether a domain is connected.</summary>
    IsDomainIntroduced = 17,
    /// <summary>A domain that was shut down runs again.</summary>
    Resume = 18,
    /// <summary>A domain acts for another one.</summary>
    SetTarget = 19,
    /// <summary>Drops the client's watches and transactions.</summary>
    ResetWatches = 21,
    /// <summary>A part of the names of a node's children.</summary>
    DirectoryPart = 22,
    /// <summary>What the server or a domain's connection can do.</summary>
    GetFeature = 23,
    /// <summary>Restricts what a domain's connection can do.</summary>
    SetFeature = 24,
    /// <summary>A quota, or the names of all.</summary>
    GetQuota = 25,
    /// <summary>Sets a quota.</summary>
    SetQuota = 26,
}
