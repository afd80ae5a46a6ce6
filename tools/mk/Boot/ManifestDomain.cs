namespace Mk.Boot;

/// <summary>A domain of the manifest: the guest, and the names under which the core finds its modules.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="KernelModule">Module name of its kernel.</param>
/// <param name="RamdiskModule">Module name of its RAM disk, or null.</param>
public sealed record ManifestDomain(GuestConfig Guest, string KernelModule, string? RamdiskModule);
