using System;
using System.IO;
using System.Text.Json;
using Mk.Boot;
using Mk.Control;
using Mk.Machine;

namespace Mk.Daemon;

/// <summary>What the daemon is to start.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Set">What it boots.</param>
/// <param name="Limit">How long the start may take.</param>
public sealed record StartPlan(MachineOptions Machine, BootSet Set, TimeSpan Limit)
{
    /// <summary>The plan that <c>mk up</c> has written.</summary>
    /// <exception cref="MkException">There is none, or it is damaged.</exception>
    public static StartPlan Read()
    {
        try
        {
            return JsonSerializer.Deserialize<StartPlan>(File.ReadAllBytes(SystemFolder.Plan))
                ?? throw new MkException(ExitCode.Usage, $"{SystemFolder.Plan} is empty");
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new MkException(ExitCode.Usage, $"{SystemFolder.Plan} cannot be read ({e.Message}); 'mk up' writes it and starts the daemon");
        }
    }

    /// <summary>Writes it for the daemon.</summary>
    public void Write() => File.WriteAllBytes(SystemFolder.Plan, JsonSerializer.SerializeToUtf8Bytes(this));
}
