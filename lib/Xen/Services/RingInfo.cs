namespace Microkernel.Xen;

/// <summary>A ring that the manifest gives this domain.</summary>
/// <param name="Id">The ring's number.</param>
/// <param name="IsSecond">Whether this domain is the second side.</param>
/// <param name="Peer">The other side's domain id.</param>
/// <param name="PeerName">The other side's name in the manifest.</param>
/// <param name="Pages">Its memory.</param>
public sealed record RingInfo(uint Id, bool IsSecond, ushort Peer, string PeerName, long Pages);
