using System;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>How patient the supervisor is.</summary>
public sealed record SupervisorOptions
{
    /// <summary>How long a service may take from its start until it answers.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two questions to a service that is starting.</summary>
    public TimeSpan StartPeriod { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Time between two questions to a service that works.</summary>
    public TimeSpan CheckPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer may take.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a service may be silent before it is ended and started again.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a service may take to stop in order.</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first wait before a service that ended is started again; doubled each time, up to <see cref="LongestWait"/>.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After so long the waits start over.</summary>
    public TimeSpan GoodLife { get; init; } = TimeSpan.FromSeconds(30);
}
