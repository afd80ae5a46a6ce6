namespace Microkernel.Services.Toolstack.Core;

/// <summary>A part of the core's log.</summary>
/// <param name="Text">Empty if there is no more.</param>
/// <param name="NextIndex">Where the next part begins.</param>
public sealed record CoreLogPart(byte[] Text, uint NextIndex);
