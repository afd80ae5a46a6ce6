using System.Text;
using Microkernel.Core.Domains;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>A service of the manifest.</summary>
/// <param name="Id">Its entry's number, which is its domain's.</param>
/// <param name="Config">What its lines say.</param>
/// <param name="Kernel">Its kernel.</param>
/// <param name="Ramdisk">Its initial RAM disk.</param>
public sealed record ServiceEntry(uint Id, DomainConfig Config, BootFile Kernel, BootFile? Ramdisk)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = Encoding.ASCII.GetString(Config.Name);
}
