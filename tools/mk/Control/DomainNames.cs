using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;

namespace Mk.Control;

/// <summary>Guests and services by number, for what knows domains only.</summary>
public sealed class DomainNames
{
    private readonly Dictionary<uint, string> _names;

    private DomainNames(Dictionary<uint, string> names) => _names = names;

    /// <summary>Asks the system for its guests.</summary>
    public static async Task<DomainNames> ReadAsync(SystemConnection system)
    {
        Dictionary<uint, string> names = (await GuestList.ReadAsync(system)).ToDictionary(static g => g.Domain, static g => g.Name);
        for (int i = 0; i < SystemManifest.Services.Count; i++)
            names.TryAdd((uint)i + 1, SystemManifest.Services[i]);
        return new DomainNames(names);
    }

    /// <summary>A domain's name.</summary>
    public string Of(uint domain) => Find(domain) ?? "-";

    /// <summary>A domain's name; null if there is none.</summary>
    public string? Find(uint domain) => _names.GetValueOrDefault(domain);

    /// <summary>It is one of the system's own.</summary>
    public static bool IsService(uint domain) => domain >= 1 && domain <= SystemManifest.Services.Count;

    /// <summary>The domain of a guest's or service's name or number.</summary>
    public static async Task<uint> FindAsync(SystemConnection system, string word)
    {
        int service = SystemManifest.Services.ToList().IndexOf(word);
        return service >= 0 ? (uint)service + 1 : (await GuestNames.FindAsync(system, word)).Domain;
    }
}
