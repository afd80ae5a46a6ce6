namespace Microkernel.Services.Memory.Building;

/// <summary>A guest's ends of the event channels that it starts with.</summary>
/// <param name="Console">Its console's.</param>
/// <param name="Store">Its XenStore connection's.</param>
public sealed record DomainPorts(uint Console, uint Store);
