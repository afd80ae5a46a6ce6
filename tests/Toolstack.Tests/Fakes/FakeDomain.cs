using System.Collections.Generic;
using Microkernel.Protos.Memory;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>A domain in the test's machine.</summary>
internal sealed class FakeDomain
{
    internal required uint Id { get; init; }

    internal required ulong Generation { get; init; }

    internal required ClaimRequest Claim { get; init; }

    internal Dictionary<Image, List<byte>> Images { get; } = new() { [Image.Kernel] = [], [Image.Ramdisk] = [] };

    internal bool IsSealed { get; set; }

    internal bool IsPaused { get; set; } = true;

    internal bool HasRun { get; set; }

    internal DomainEnd? End { get; set; }

    internal ulong Target { get; set; }

    internal ulong Maximum { get; set; }
}
