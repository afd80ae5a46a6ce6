using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Console;

/// <summary>
/// Puts the guests' output on the UART. Framed (the core option guests=com2): DLE and 0x40 + slot when another guest speaks, DLE DLE for
/// a DLE. Unframed: as it is for the only guest; with the guest's name before each line for several.
/// </summary>
public sealed class ConsoleWriter(Kernel kernel, bool isFramed)
{
    /// <summary>Data link escape: what follows is not text.</summary>
    public const byte Escape = 0x10;

    /// <summary>Added to the slot of the domain that speaks or is spoken to.</summary>
    public const byte SlotBase = 0x40;

    private const byte LineFeed = (byte)'\n';

    private int _speaker = -1;
    private bool _isLineOpen;

    /// <summary>Writes bytes of a domain.</summary>
    public void Write(Domain domain, ReadOnlySpan<byte> text)
    {
        bool isSameSpeaker = _speaker == domain.Slot;
        _speaker = domain.Slot;
        if (isFramed)
            WriteFramed(domain, text, isSameSpeaker);
        else if (kernel.Domains.Slots.Length == 1)
            kernel.Machine.WriteConsole(text);
        else
            WritePrefixed(domain, text, isSameSpeaker);
    }

    private void WriteFramed(Domain domain, ReadOnlySpan<byte> text, bool isSameSpeaker)
    {
        if (!isSameSpeaker)
        {
            ReadOnlySpan<byte> frame = [Escape, (byte)(SlotBase + domain.Slot)];
            kernel.Machine.WriteConsole(frame);
        }

        while (text.Length != 0)
        {
            int escape = text.IndexOf(Escape);
            int count = escape < 0 ? text.Length : escape + 1;
            kernel.Machine.WriteConsole(text.Slice(0, count));
            if (escape >= 0)
                kernel.Machine.WriteConsole([Escape]);

            text = text.Slice(count);
        }
    }

    private void WritePrefixed(Domain domain, ReadOnlySpan<byte> text, bool isSameSpeaker)
    {
        if (!isSameSpeaker && _isLineOpen)
        {
            kernel.Machine.WriteConsole("\r\n"u8);
            _isLineOpen = false;
        }

        while (text.Length != 0)
        {
            if (!_isLineOpen)
            {
                kernel.Machine.WriteConsole("["u8);
                kernel.Machine.WriteConsole(domain.Config.Name);
                kernel.Machine.WriteConsole("] "u8);
            }

            int end = text.IndexOf(LineFeed);
            int count = end < 0 ? text.Length : end + 1;
            kernel.Machine.WriteConsole(text.Slice(0, count));
            _isLineOpen = end < 0;
            text = text.Slice(count);
        }
    }
}
