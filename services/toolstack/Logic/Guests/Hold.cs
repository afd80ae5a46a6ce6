using System;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>A guest whose turn somebody has, until this is disposed of.</summary>
internal sealed class Hold : IDisposable
{
    internal Hold(Guest guest) => Guest = guest;

    internal Guest Guest { get; }

    /// <summary>Gives the turn back.</summary>
    public void Dispose() => Guest.Turn.Release();
}
