namespace Microkernel.XenStore;

/// <summary>What a change of the tree means for one domain.</summary>
internal struct AccountChange
{
    internal int Domain;
    internal int Nodes;
    internal long Memory;
    internal int Mentions;
}
