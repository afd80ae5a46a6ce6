namespace Microkernel.Core.Abi;

/// <summary>The sub-operations of service_op that build a domain.</summary>
public static class DomainBuildingAbi
{
    public const uint CopyObject = 5;
    public const uint CopyTo = 6;
    public const uint SetEntry = 7;
    public const uint SeedGrant = 8;
    public const uint AttachConsole = 9;

    /// <summary>Most bytes of a copy_to.</summary>
    public const uint MostBytes = 64 * 1024;

    /// <summary>copy_object: from a boot object to a domain's memory.</summary>
    public struct ObjectCopy
    {
        public uint Object;
        public uint Domain;
        public ulong Offset;
        public ulong Length;
        public ulong Address;
    }

    /// <summary>copy_to: from the caller's memory to a domain's.</summary>
    public struct Copy
    {
        public uint Domain;
        public uint Length;
        public ulong Address;
        public ulong Buffer;
    }

    /// <summary>seed_grant: an entry of a domain's grant table.</summary>
    public struct Grant
    {
        public uint Domain;
        public uint Reference;
        public uint Backend;
        public uint Padding;
        public ulong Gfn;
    }
}
