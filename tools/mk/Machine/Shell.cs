using System;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace Mk.Machine;

/// <summary>The shell of a Linux guest that runs the busybox file system.</summary>
public sealed class Shell
{
    private readonly Func<string, Task<Match>> _read;
    private readonly Func<string, Task> _type;

    private Shell(Func<string, Task<Match>> read, Func<string, Task> type) => (_read, _type) = (read, type);

    /// <summary>Waits for the first prompt.</summary>
    /// <exception cref="SessionException">The run ended before.</exception>
    public static Task<Shell> OpenAsync(Session session, int guest = 0) =>
        OpenAsync(pattern => session.ReadAsync(session.Guest(guest), pattern), text => session.TypeAsync(guest, text));

    /// <summary>Waits for the first prompt on a console.</summary>
    /// <param name="read">Waits until the console prints something that a regular expression names.</param>
    /// <param name="type">Types on it.</param>
    public static async Task<Shell> OpenAsync(Func<string, Task<Match>> read, Func<string, Task> type)
    {
        await read("^guest:.*# ");
        return new Shell(read, type);
    }

    /// <summary>Runs a command and returns its output; a command that fails is an error.</summary>
    /// <exception cref="SessionException">The command failed, or the run ended before it did.</exception>
    public async Task<string> RunAsync(string command)
    {
        (int code, string output) = await TryRunAsync(command);
        return code == 0 ? output : throw new SessionException($"'{command}' ended with code {code}:\n{output}");
    }

    /// <summary>Runs a command and returns its exit code and output.</summary>
    public async Task<(int Code, string Output)> TryRunAsync(string command)
    {
        // The marks are put together by the shell, so that the echo of what is typed does not look like them.
        await TypeLineAsync($"echo '<''<'; {command}; echo \"$?\"'>''>'");
        Match match = await _read(@"^<<\r?\n(?<output>[\s\S]*?)(?<code>\d+)>>\r?$");
        return (int.Parse(match.Groups["code"].Value, CultureInfo.InvariantCulture), match.Groups["output"].Value.Replace("\r", ""));
    }

    /// <summary>Types a line without waiting for anything.</summary>
    public Task TypeLineAsync(string line) => _type(line + "\n");
}
