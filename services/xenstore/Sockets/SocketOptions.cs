using System.Collections.Generic;

namespace Microkernel.XenStore.Sockets;

/// <summary>What the program on plain Linux was told to do.</summary>
/// <param name="Socket">Where it listens.</param>
/// <param name="StateFolder">Where its journal is; null for none.</param>
/// <param name="DomainFolder">Where the rings of pretended domains are; null for none.</param>
/// <param name="LogFile">Where its log goes; null for the standard error.</param>
internal sealed record SocketOptions(string Socket, string? StateFolder, string? DomainFolder, string? LogFile)
{
    internal const string Usage = """
        xenstore: a XenStore server for plain Linux
          --socket PATH    listen there (default /run/xenstored/socket)
          --state FOLDER   keep the store there, over crashes too (default /var/lib/xenstored)
          --no-state       keep it in memory only
          --domains FOLDER where the rings of pretended domains are, for tests
          --log FILE       write the log there instead of the standard error
        """;

    /// <summary>Reads the command line.</summary>
    /// <returns>Null if it makes no sense.</returns>
    internal static SocketOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new SocketOptions("/run/xenstored/socket", "/var/lib/xenstored", null, null);
        for (int i = 0; i < arguments.Count; i++)
        {
            string? value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--no-state":
                    options = options with { StateFolder = null };
                    continue;
                case "--socket" when value is not null:
                    options = options with { Socket = value };
                    break;
                case "--state" when value is not null:
                    options = options with { StateFolder = value };
                    break;
                case "--domains" when value is not null:
                    options = options with { DomainFolder = value };
                    break;
                case "--log" when value is not null:
                    options = options with { LogFile = value };
                    break;
                default:
                    return null;
            }
            i++;
        }
        return options;
    }
}
