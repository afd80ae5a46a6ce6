namespace Microkernel.Core.Abi;

/// <summary>Numbers and structure sizes of grant_table_op (xen/grant_table.h).</summary>
public static class GrantAbi
{
    public const uint MapGrantRef = 0;
    public const uint UnmapGrantRef = 1;
    public const uint SetupTable = 2;
    public const uint Copy = 5;
    public const uint QuerySize = 6;
    public const uint SetVersion = 8;
    public const uint GetStatusFrames = 9;
    public const uint GetVersion = 10;
    public const uint SwapGrantRef = 11;
    public const uint CacheFlush = 12;

    // GTF_*: flags of a grant entry.
    public const uint PermitAccess = 1;
    public const uint TypeMask = 3;
    public const uint ReadOnly = 1 << 2;
    public const uint Reading = 1 << 3;
    public const uint Writing = 1 << 4;
    public const uint SubPage = 1 << 8;

    // GNTMAP_*: flags of a mapping.
    public const uint DeviceMap = 1 << 0;
    public const uint HostMap = 1 << 1;
    public const uint MapReadOnly = 1 << 2;
    public const uint ApplicationMap = 1 << 3;
    public const uint ContainsPte = 1 << 4;

    public const uint CopySourceRef = 1 << 0;
    public const uint CopyTargetRef = 1 << 1;

    public const uint CacheClean = 1 << 0;
    public const uint CacheInvalidate = 1 << 1;
    public const uint CacheSourceRef = 1U << 31;

    /// <summary>Entries at the start of a table that keep their content when the version changes.</summary>
    public const int ReservedEntries = 8;

    // GNTST_*: status of an operation.
    public const short Okay = 0;
    public const short GeneralError = -1;
    public const short BadDomain = -2;
    public const short BadReference = -3;
    public const short BadHandle = -4;
    public const short BadAddress = -5;
    public const short PermissionDenied = -8;
    public const short BadPage = -9;
    public const short BadCopyArgument = -10;
    public const short TryAgain = -12;
    public const short NoSpace = -13;

    public const int EntrySize = 8;
    public const int EntrySizeV2 = 16;
    public const int MapSize = 32;
    public const int UnmapSize = 24;
    public const int CopySize = 40;
    public const int CopySize32 = 24;
    public const int SetupTableSize = 24;
    public const int SetupTableSize32 = 16;
    public const int StatusFramesSize = 16;
    public const int StatusFramesSize32 = 12;
    public const int QuerySizeSize = 16;
    public const int GetVersionSize = 8;
    public const int SwapSize = 12;
    public const int CacheFlushSize = 16;
}
