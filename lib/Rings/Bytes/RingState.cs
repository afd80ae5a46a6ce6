namespace Microkernel.Rings;

/// <summary>Whether one end of a queue is open, and what closed it. It never opens again.</summary>
public enum RingState
{
    /// <summary>Messages can pass.</summary>
    Open = 0,

    /// <summary>This side closed it.</summary>
    ClosedHere = 1,

    /// <summary>The other side closed it, and everything that it sent before has been read.</summary>
    ClosedByPeer = 2,

    /// <summary>The other side's index went backwards, too far, or to where no frame can start.</summary>
    BadIndex = 3,

    /// <summary>A frame's length is zero, more than the reader takes, or more than was published.</summary>
    BadLength = 4,
}
