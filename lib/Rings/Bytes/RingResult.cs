namespace Microkernel.Rings;

/// <summary>What became of a message.</summary>
public enum RingResult
{
    /// <summary>It was written, or read.</summary>
    Done,

    /// <summary>Not yet: there is no room, or no message.</summary>
    Wait,

    /// <summary>Never: it is empty or longer than the queue holds. Nothing was written, and the queue stays open.</summary>
    Refused,

    /// <summary>Never again: the queue is closed; the end's state says why.</summary>
    Closed,
}
