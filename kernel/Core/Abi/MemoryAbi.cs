namespace Microkernel.Core.Abi;

/// <summary>Numbers and structure sizes of memory_op (xen/memory.h).</summary>
public static class MemoryAbi
{
    public const uint IncreaseReservation = 0;
    public const uint DecreaseReservation = 1;
    public const uint MaximumRamPage = 2;
    public const uint CurrentReservation = 3;
    public const uint MaximumReservation = 4;
    public const uint PopulatePhysmap = 6;
    public const uint AddToPhysmap = 7;
    public const uint MemoryMap = 9;
    public const uint SetMemoryMap = 13;
    public const uint MaximumGpfn = 14;
    public const uint RemoveFromPhysmap = 15;
    public const uint AddToPhysmapBatch = 23;
    public const uint ClaimPages = 24;
    public const uint AcquireResource = 28;

    /// <summary>Types of resources beside Xen's own (XENMEM_resource_*): a ring, and kept memory.</summary>
    public const ushort ResourceRing = 0x8000;
    public const ushort ResourceKept = 0x8001;

    /// <summary>The operation is in the low bits of the first argument, where to go on in the others (MEMOP_EXTENT_SHIFT).</summary>
    public const int ExtentShift = 6;

    public const uint AddressBitsMask = 0xFF;
    public const uint PopulateOnDemand = 1 << 16;

    public const uint SpaceSharedInfo = 0;
    public const uint SpaceGrantTable = 1;
    public const uint SpaceGmfn = 2;
    public const uint SpaceGmfnRange = 3;
    public const uint SpaceGmfnForeign = 4;
    public const uint SpaceDeviceMmio = 5;

    /// <summary>XENMAPIDX_grant_table_status: the index means a status frame of a version 2 table.</summary>
    public const ulong GrantStatusIndex = 0x80000000;

    public const int ReservationSize = 32;
    public const int ReservationSize32 = 20;
    public const int AddToPhysmapSize = 24;
    public const int AddToPhysmapSize32 = 16;
    public const int AddToPhysmapBatchSize = 32;
    public const int AddToPhysmapBatchSize32 = 20;
    public const int RemoveFromPhysmapSize = 16;
    public const int RemoveFromPhysmapSize32 = 8;
    public const int MemoryMapSize = 16;
    public const int MemoryMapSize32 = 8;
    public const int AcquireResourceSize = 32;
    public const int AcquireResourceSize32 = 28;
    public const int ForeignMemoryMapSize = 24;
    public const int ForeignMemoryMapSize32 = 12;
}
