namespace Microkernel.Core.Domains;

public static class DomainTeardown
{
    public static bool DoPiece(Domain domain) => true;
}
