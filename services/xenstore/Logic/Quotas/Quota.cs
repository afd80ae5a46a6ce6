namespace Microkernel.XenStore;

/// <summary>What a domain may have only so much of. The numbers are in the journal.</summary>
public enum Quota
{
    /// <summary>Nodes that it owns.</summary>
    Nodes,
    /// <summary>Watches.</summary>
    Watches,
    /// <summary>Transactions at a time.</summary>
    Transactions,
    /// <summary>Bytes of a value.</summary>
    NodeSize,
    /// <summary>Entries in a node's permissions.</summary>
    Permissions,
    /// <summary>Answers and events that it has not taken yet, before nothing more of it is read.</summary>
    Outstanding,
    /// <summary>Bytes that its nodes take.</summary>
    Memory,
    /// <summary>Names in a path that it makes.</summary>
    PathDepth,
    /// <summary>Changes in a transaction.</summary>
    TransactionSize,
}
