namespace Microkernel.Services.Memory.Supervision;

/// <summary>How the operator has a service end.</summary>
public enum EndOfLife
{
    /// <summary>It saves what it has to, and powers off.</summary>
    InOrder,

    /// <summary>Its domain crashes at once.</summary>
    AtOnce,

    /// <summary>Its own kernel panics.</summary>
    ByPanic,
}
