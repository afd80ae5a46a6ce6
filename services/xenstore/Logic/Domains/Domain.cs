namespace Microkernel.XenStore;

/// <summary>What the store knows of a domain.</summary>
public sealed class Domain
{
    /// <summary>A domain that has not been introduced.</summary>
    public Domain(int id) => Id = id;

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>Whether its ring is connected.</summary>
    public bool IsIntroduced { get; internal set; }

    /// <summary>The frame of its ring, in its own memory.</summary>
    public ulong Frame { get; internal set; }

    /// <summary>Its port for the store.</summary>
    public uint Port { get; internal set; }

    /// <summary>Which one of all that ever had the number, for those who tell.</summary>
    public ulong Generation { get; internal set; }

    /// <summary>The domain that it acts for; -1 for none.</summary>
    public int Target { get; internal set; } = -1;

    /// <summary>What its connection offers.</summary>
    public uint Features { get; internal set; } = ServerFeatures.All;

    /// <summary>Whether its end has been told already.</summary>
    public bool IsShutDown { get; internal set; }

    /// <summary>Its connection, while it is introduced.</summary>
    public Client? Client { get; internal set; }

    /// <summary>Sets everything that is on record.</summary>
    public void Restore(bool isIntroduced, ulong frame, uint port, ulong generation, int target, uint features, bool isShutDown) =>
        (IsIntroduced, Frame, Port, Generation, Target, Features, IsShutDown) =
        (isIntroduced, frame, port, generation, target, features, isShutDown);
}
