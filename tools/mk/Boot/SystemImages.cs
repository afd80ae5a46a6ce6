using Mk.Images;

namespace Mk.Boot;

/// <summary>Everything that the whole system boots.</summary>
public static class SystemImages
{
    /// <summary>Memory of the services, and of the core's structures, that a host needs beside its guests, in MiB.</summary>
    public const long MemoryMiB = 1024;

    /// <summary>Builds what is missing or out of date.</summary>
    /// <param name="store">What XenStore's domain is given; null for what is usual.</param>
    /// <exception cref="MkException">Something does not build; the message has the compiler's words.</exception>
    public static BootSet Prepare(StoreSize? store = null)
    {
        CoreImage.Ensure();
        BootSet set = SystemManifest.Set(ImageStore.PathOf, store);
        foreach (BootModule module in set.Modules)
            ImageStore.Ensure(module.Path);
        return set;
    }
}
