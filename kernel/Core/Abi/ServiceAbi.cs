namespace Microkernel.Core.Abi;

/// <summary>The sub-operations of service_op that tell a service about itself and the boot loader's files.</summary>
public static class ServiceAbi
{
    public const uint GetInfo = 0;
    public const uint GetRing = 1;
    public const uint GetDevice = 2;
    public const uint GetObject = 3;
    public const uint ReadObject = 4;
    public const uint Audit = 10;

    /// <summary>The version of service_op.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of a name, padded with zeros.</summary>
    public const int NameSize = 64;

    /// <summary>Most bytes of a read_object.</summary>
    public const uint MostBytes = 64 * 1024;

    /// <summary>Where get_ring's and get_object's names are.</summary>
    public const int RingNameAt = 24;
    public const int ObjectNameAt = 16;

    /// <summary>get_info: who the caller is, all fields out.</summary>
    public struct Info
    {
        public uint Version;
        public uint Entry;
        public uint Privileges;
        public uint RingCount;
        public uint ObjectCount;
        public uint DeviceCount;
        public uint KeptPages;
        public uint FirstGuestId;
    }

    /// <summary>get_ring: the index is in; then the peer's name.</summary>
    public struct Ring
    {
        public uint Index;
        public uint Id;
        public uint IsSecond;
        public uint Peer;
        public ulong Pages;
    }

    /// <summary>get_device: the index is in.</summary>
    public struct Device
    {
        public uint Index;
        public uint Padding;
        public ulong Address;
        public ulong Size;
    }

    /// <summary>get_object: the index is in; then the object's name.</summary>
    public struct Object
    {
        public uint Index;
        public uint Padding;
        public ulong Size;
    }

    /// <summary>read_object: all fields in; the result is the number of bytes copied.</summary>
    public struct ObjectRead
    {
        public uint Index;
        public uint Length;
        public ulong Offset;
        public ulong Buffer;
    }

    /// <summary>audit, all fields out.</summary>
    public struct AuditResult
    {
        public ulong Violations;
        public ulong FreeFrames;
    }
}
