using Microkernel.Core.Domains;

namespace Microkernel.Core.Boot;

public sealed class DomainBuilder(Kernel kernel)
{
    public Kernel Kernel { get; } = kernel;

    public void Begin(Domain domain)
    {
    }

    public BuildProgress DoPiece(Domain domain) => BuildProgress.Failed;
}
