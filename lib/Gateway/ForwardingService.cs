namespace Microkernel.Gateway;

/// <summary>What the gateway serves, as far as ASP.NET Core needs a type for it; <see cref="ForwardingMethods"/> has its one method.</summary>
internal sealed class ForwardingService;
