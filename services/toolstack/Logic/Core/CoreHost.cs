namespace Microkernel.Services.Toolstack.Core;

/// <summary>The machine, as the core knows it.</summary>
/// <param name="Version">Of the core.</param>
/// <param name="Cpus">CPUs that run.</param>
/// <param name="CpuKhz">Their clock.</param>
/// <param name="TotalBytes">Memory.</param>
/// <param name="FreeBytes">Memory that nobody has.</param>
/// <param name="Capabilities">Kinds of guests that it can run, in Xen's words.</param>
public sealed record CoreHost(string Version, uint Cpus, ulong CpuKhz, ulong TotalBytes, ulong FreeBytes, string Capabilities);
