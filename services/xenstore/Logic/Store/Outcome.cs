namespace Microkernel.XenStore;

/// <summary>What a change did, for those who watch.</summary>
/// <param name="Old">The node before; null if there was none.</param>
/// <param name="New">The node now; null if there is none.</param>
/// <param name="Parent">The node above it.</param>
/// <param name="ExistingLength">How much of the path led to a node before.</param>
internal readonly record struct Outcome(Node? Old, Node? New, Node? Parent, int ExistingLength);
