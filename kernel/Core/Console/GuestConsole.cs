using Microkernel.Core.Domains;

namespace Microkernel.Core.Console;

public sealed class GuestConsole(Domain domain)
{
    public Domain Domain { get; } = domain;

    public bool TryAttach() => true;

    public void Detach()
    {
    }
}
