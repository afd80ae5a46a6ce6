namespace Microkernel.Services;

/// <summary>How much a line of the log matters.</summary>
public enum LogLevel
{
    /// <summary>For who looks for a mistake; shown if the service was started with the word "debug".</summary>
    Debug,

    /// <summary>What happens.</summary>
    Info,

    /// <summary>Something is not as it should be; the service goes on.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}
