namespace Microkernel.Services.Memory.Building;

/// <summary>Who serves a guest's console and its connection to XenStore.</summary>
/// <param name="Console">The domain of the console's back end.</param>
/// <param name="Store">XenStore's domain.</param>
public sealed record BackEnds(uint Console, uint Store);
