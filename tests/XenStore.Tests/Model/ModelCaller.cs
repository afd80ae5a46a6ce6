namespace Microkernel.XenStore.Tests.Model;

/// <summary>Who does something, in the model.</summary>
internal sealed record ModelCaller(int Domain, int Target, bool IsPrivileged)
{
    internal bool May(ModelNode node, char wanted) => node.May(Domain, Target, IsPrivileged, wanted);

    internal bool Owns(ModelNode node) => IsPrivileged || node.Permissions[0].Domain == Domain || node.Permissions[0].Domain == Target;
}
