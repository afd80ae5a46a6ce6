namespace Microkernel.Core.Grants;

/// <summary>What a claimed grant gives access to: a frame, referenced until the claim is released, or a part of it.</summary>
internal struct GrantClaim
{
    public ulong Mfn;
    public int Offset;
    public int Length;

    /// <summary>The granter's table that counts the claim.</summary>
    public uint Incarnation;
}
