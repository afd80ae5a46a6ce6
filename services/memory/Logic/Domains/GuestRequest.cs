using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Protos.Memory;

namespace Microkernel.Services.Memory.Domains;

/// <summary>A claim, checked.</summary>
internal sealed record GuestRequest(DomainConfig Config, ulong MaximumFrames, ulong KernelLength, ulong RamdiskLength)
{
    private const string GuestClass = "guest";
    private const ulong LeastMemory = 1 << 20;
    private const int LongestCommandLine = 2047;
    private const uint LargestGrantVersion = 2;

    /// <summary>Checks a claim; what is wrong with it is an INVALID_ARGUMENT or a PERMISSION_DENIED.</summary>
    internal static GuestRequest Of(ClaimRequest request)
    {
        // Services are built by the supervisor, from the manifest; nobody can ask for one.
        if (request.PrivilegeClass is not ("" or GuestClass))
            throw Failure.Denied($"only domains of the class {GuestClass} can be asked for, not {request.PrivilegeClass}");
        ulong maximum = request.MaximumMemoryBytes == 0 ? request.MemoryBytes : request.MaximumMemoryBytes;
        uint vcpus = uint.Max(request.Vcpus, request.MaximumVcpus);
        if (request.MemoryBytes < LeastMemory || request.MemoryBytes % PhysicalMemory.FrameSize != 0 || request.MemoryBytes >> PhysicalMemory.FrameShift > ManifestReader.MostFrames)
            throw Failure.Argument($"{request.MemoryBytes} bytes of memory: a domain has 1 MiB to 1 TiB, in whole pages");
        if (maximum < request.MemoryBytes || maximum % PhysicalMemory.FrameSize != 0 || maximum >> PhysicalMemory.FrameShift > ManifestReader.MostFrames)
            throw Failure.Argument($"at most {maximum} bytes of memory: that is less than the {request.MemoryBytes} to begin with, too much, or not whole pages");
        if (vcpus is < 1 or > ManifestReader.MostVcpus)
            throw Failure.Argument($"{vcpus} vCPUs: a domain has 1 to {ManifestReader.MostVcpus}");
        if (request.CommandLine.Length > LongestCommandLine || request.CommandLine.Any(static c => c is < ' ' or > '~'))
            throw Failure.Argument($"the command line is longer than {LongestCommandLine} bytes, or not plain ASCII");
        if (request.LargestGrantVersion > LargestGrantVersion)
            throw Failure.Argument($"there is no version {request.LargestGrantVersion} of grant tables");
        if (request.KernelBytes == 0 || request.RequestId.IsEmpty)
            throw Failure.Argument("the length of the kernel and a request id are needed");
        DomainConfig config = new()
        {
            CommandLine = Encoding.ASCII.GetBytes(request.CommandLine),
            MemoryFrames = (long)(request.MemoryBytes >> PhysicalMemory.FrameShift),
            VcpuCount = (int)vcpus,
            GrantV2 = request.LargestGrantVersion == LargestGrantVersion,
        };
        return new(config, maximum >> PhysicalMemory.FrameShift, request.KernelBytes, request.RamdiskBytes);
    }
}
