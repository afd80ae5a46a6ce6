namespace Microkernel.Xen;

/// <summary>What the manifest has for the domain that asks.</summary>
/// <param name="Entry">The number of its entry, which is its domain id.</param>
/// <param name="Privileges">What it may do.</param>
/// <param name="Rings">How many rings it has.</param>
/// <param name="Objects">How many boot objects there are; 0 for who may not read them.</param>
/// <param name="Devices">How many devices it has.</param>
/// <param name="KeptPages">How many kept pages it has.</param>
/// <param name="FirstGuest">The lowest domain id that is no service's.</param>
public sealed record ServiceInfo(
    ushort Entry, ServicePrivileges Privileges, int Rings, int Objects, int Devices, int KeptPages, ushort FirstGuest);
