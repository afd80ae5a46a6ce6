using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>What operators call guests: by name, or by number as in xl.</summary>
public static class GuestNames
{
    /// <summary>The guest that a word names. Names are never digits only.</summary>
    public static Api.Guest Parse(string word) => uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out uint domain)
        ? new Api.Guest { Domain = domain }
        : new Api.Guest { Name = word };

    /// <summary>What is known about one guest.</summary>
    /// <exception cref="RpcException">There is no such guest.</exception>
    public static async Task<Api.GuestInfo> FindAsync(SystemConnection system, string word)
    {
        Api.ListResponse found = await system.RepeatAsync(options =>
            system.Toolstack.ListAsync(new Api.ListRequest { Guests = { Parse(word) } }, options));
        return found.Guests.FirstOrDefault() ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no guest '{word}'"));
    }
}
