using System;
using System.Linq;
using System.Text;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Content;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Checks what an operator wants of a guest, before anything is done for it, and fills in what he left open.</summary>
internal static class ConfigCheck
{
    internal const int LongestName = 63;
    internal const int LongestPoolName = 31;
    internal const uint MostVcpus = 128;
    internal const ulong LeastMemory = 1UL << 20;
    internal const ulong MostMemory = 1UL << 40;

    private const int PageSize = 4096;
    private const int LongestCommandLine = 2047;
    private const int UuidSize = 16;

    /// <summary>A complete configuration.</summary>
    internal static GuestConfig Complete(GuestConfig? given)
    {
        GuestConfig config = given?.Clone() ?? throw Failure.Argument("the request has no configuration");
        CheckName(config.Name);
        CheckHash(config.KernelSha256.Length, "kernel");
        if (!config.RamdiskSha256.IsEmpty)
            CheckHash(config.RamdiskSha256.Length, "ramdisk");
        if (Encoding.UTF8.GetByteCount(config.CommandLine) > LongestCommandLine || config.CommandLine.Any(char.IsControl))
            throw Failure.Argument($"the command line is longer than {LongestCommandLine} bytes or has control characters");
        CheckPool(config.CpuPool);
        CompleteMemory(config);
        CompleteVcpus(config);
        CompleteActions(config);
        CompleteUuid(config);
        return config;
    }

    /// <summary>Names are those of the boot manifest; one of digits only would be taken for a domain's number.</summary>
    internal static void CheckName(string name)
    {
        if (name.Length is 0 or > LongestName || !name.All(IsNameCharacter))
            throw Failure.Argument($"'{name}' is no name for a guest: it has 1 to {LongestName} letters, digits, '.', '_' and '-'");
        if (name.All(char.IsAsciiDigit))
            throw Failure.Argument($"'{name}' is no name for a guest: it would be taken for a domain's number; add a letter");
    }

    // Whether there is such a pool the scheduler says.
    private static void CheckPool(string name)
    {
        if (name.Length > LongestPoolName || !name.All(IsNameCharacter))
            throw Failure.Argument($"'{name[..Math.Min(name.Length, LongestPoolName)]}' is no name for a pool: it has 1 to {LongestPoolName} letters, digits, '.', '_' and '-'");
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static void CheckHash(int length, string what)
    {
        if (length != Sha256.Size)
            throw Failure.Argument($"the {what}'s SHA-256 has {length} bytes instead of {Sha256.Size}");
    }

    private static void CompleteMemory(GuestConfig config)
    {
        if (config.MaximumMemoryBytes == 0)
            config.MaximumMemoryBytes = config.MemoryBytes;
        if (config.MemoryBytes is < LeastMemory or > MostMemory || config.MemoryBytes % PageSize != 0)
            throw Failure.Argument($"memory of {config.MemoryBytes} bytes: it must be 1 MiB to 1 TiB, and a multiple of 4 KiB");
        if (config.MaximumMemoryBytes < config.MemoryBytes || config.MaximumMemoryBytes > MostMemory || config.MaximumMemoryBytes % PageSize != 0)
            throw Failure.Argument($"a maximum of {config.MaximumMemoryBytes} bytes: it must be the memory to 1 TiB, and a multiple of 4 KiB");
    }

    private static void CompleteVcpus(GuestConfig config)
    {
        if (config.Vcpus == 0)
            config.Vcpus = 1;
        if (config.MaximumVcpus == 0)
            config.MaximumVcpus = config.Vcpus;
        if (config.MaximumVcpus > MostVcpus || config.Vcpus > config.MaximumVcpus)
            throw Failure.Argument($"{config.Vcpus} vCPUs of at most {config.MaximumVcpus}: there can be 1 to {MostVcpus}");
    }

    private static void CompleteActions(GuestConfig config)
    {
        if (config.LargestGrantVersion > 2)
            throw Failure.Argument($"grant tables have version 1 or 2, not {config.LargestGrantVersion}");
        if (config.OnPoweroff == EndAction.Unspecified)
            config.OnPoweroff = EndAction.Destroy;
        if (config.OnReboot == EndAction.Unspecified)
            config.OnReboot = EndAction.Restart;
        if (config.OnCrash == EndAction.Unspecified)
            config.OnCrash = EndAction.Destroy;
        if (!Enum.IsDefined(config.OnPoweroff) || !Enum.IsDefined(config.OnReboot) || !Enum.IsDefined(config.OnCrash))
            throw Failure.Argument("the configuration has an action that this toolstack does not know");
    }

    private static void CompleteUuid(GuestConfig config)
    {
        if (config.Uuid.IsEmpty)
            config.Uuid = Uuids.New();
        if (config.Uuid.Length != UuidSize)
            throw Failure.Argument($"the uuid has {config.Uuid.Length} bytes instead of {UuidSize}");
    }
}
