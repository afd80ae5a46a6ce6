using Microkernel.Core.Domains;

namespace Microkernel.Core.Events;

public sealed class EventChannels(Domain domain)
{
    public Domain Domain { get; } = domain;

    public bool TryReset() => true;

    public bool TeardownPiece() => true;
}
