namespace Microkernel.XenStore.Tests.Support;

/// <summary>Every domain that is introduced is there; nothing carries its messages.</summary>
internal sealed class AnyDomain : DomainHost
{
    public override bool Connect(Domain domain) => true;
}
