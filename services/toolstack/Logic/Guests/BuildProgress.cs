using System;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Reports how far a build is, each percent once.</summary>
internal sealed class BuildProgress
{
    private const uint LoadBegins = 5;
    private const uint LoadEnds = 90;

    private readonly Action<string, uint> _report;
    private uint _last = uint.MaxValue;

    internal BuildProgress(Action<string, uint> report) => _report = report;

    /// <summary>For builds that nobody watches.</summary>
    internal static BuildProgress None => new(static (_, _) => { });

    internal void Say(string step, uint percent)
    {
        if (percent == _last)
            return;
        _last = percent;
        _report(step, percent);
    }

    /// <summary>So much of the files has been loaded.</summary>
    internal void SayLoaded(string step, long loaded, long total) =>
        Say(step, LoadBegins + (uint)((LoadEnds - LoadBegins) * loaded / total));
}
