namespace Microkernel.Xen;

/// <summary>A device's memory that the manifest gives this domain.</summary>
/// <param name="Address">Where it begins, a guest-physical address.</param>
/// <param name="Size">Its bytes.</param>
public sealed record DeviceInfo(ulong Address, long Size);
