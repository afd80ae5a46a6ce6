namespace Mk.Xl;

/// <summary>What will run a guest, and so what its configuration can ask for.</summary>
public enum GuestScope
{
    /// <summary>The whole system with its services.</summary>
    System,

    /// <summary>The core alone, by its boot manifest.</summary>
    Core,
}
