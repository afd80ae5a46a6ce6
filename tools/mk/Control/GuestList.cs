using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>Asks for guests, however many there are.</summary>
public static class GuestList
{
    /// <summary>Some guests, or all.</summary>
    /// <param name="system">The system.</param>
    /// <param name="words">Names or numbers; none for all.</param>
    public static async Task<IReadOnlyList<Api.GuestInfo>> ReadAsync(SystemConnection system, params IEnumerable<string> words)
    {
        var request = new Api.ListRequest { Guests = { words.Select(GuestNames.Parse) } };
        List<Api.GuestInfo> guests = [];
        do
        {
            Api.ListResponse part = await system.RepeatAsync(options => system.Toolstack.ListAsync(request, options));
            guests.AddRange(part.Guests);
            request.FromDomain = part.NextDomain;
        }
        while (request.FromDomain != 0);
        return guests;
    }
}
