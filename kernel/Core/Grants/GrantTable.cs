using Microkernel.Core.Domains;

namespace Microkernel.Core.Grants;

public sealed class GrantTable(Domain domain)
{
    public Domain Domain { get; } = domain;

    public bool TryReset() => true;

    public bool TeardownPiece() => true;

    public long MapFrame(ulong index, ulong gfn) => Abi.XenError.EINVAL;

}
