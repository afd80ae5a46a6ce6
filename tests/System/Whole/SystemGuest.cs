using System;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using Mk.Machine;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.SystemTests.Whole;

/// <summary>A guest of the whole system, by its console.</summary>
internal sealed class SystemGuest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly WholeSystem _system;
    private readonly ConsoleSession _console;
    private readonly Transcript _text = new();

    internal SystemGuest(WholeSystem system, string name, uint domain, Action<ReadOnlyMemory<byte>> log)
    {
        _system = system;
        Name = name;
        Domain = domain;
        _console = new ConsoleSession(system.Services, domain, bytes =>
        {
            log(bytes);
            _text.Add(Encoding.Latin1.GetString(bytes.Span));
        });
        _ = FollowAsync();
    }

    /// <summary>Its name.</summary>
    internal string Name { get; }

    /// <summary>Its domain.</summary>
    internal uint Domain { get; }

    /// <summary>What it has printed.</summary>
    internal string Text => _text.ToString();

    /// <summary>How the toolstack calls it.</summary>
    internal Api.Guest Reference => new() { Name = Name };

    /// <summary>Its shell, when it has one.</summary>
    internal Task<Shell> OpenShellAsync() => Shell.OpenAsync(ReadAsync, TypeAsync);

    /// <summary>Waits until it prints something.</summary>
    internal async Task<Match> ReadAsync(string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.Multiline);
        Task limit = Task.Delay(Patience);
        while (true)
        {
            if (_text.TryRead(regex, out Task more) is { } match)
                return match;
            if (await Task.WhenAny(more, limit) == limit)
                throw new SessionException($"{Name} did not print '{pattern}' in time; it has printed:\n{Text}");
        }
    }

    /// <summary>Asks it to shut down or reboot, and waits until it has ended.</summary>
    internal async Task ShutDownAsync(bool isReboot = false) => await _system.Services.Toolstack.ShutdownAsync(
        new Api.ShutdownRequest { Guest = Reference, IsReboot = isReboot, Waits = true }, _system.Services.Long);

    private Task TypeAsync(string text) => _console.TypeAsync(Encoding.UTF8.GetBytes(text), _system.Services.Cancellation);

    private async Task FollowAsync()
    {
        try
        {
            await _console.ReadAsync(_system.Services.Cancellation);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Who waits for its output says what is missing.
        }
    }
}
