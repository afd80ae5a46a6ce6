using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Microkernel.Xen;

/// <summary>What any domain may call for itself: xen_version, console_io, sched_op. Every method throws <see cref="XenException"/> when refused.</summary>
public sealed class OwnCalls
{
    private const uint VersionNumber = 0, VersionExtra = 1, VersionCapabilities = 3;
    private const uint ConsoleWrite = 0;
    private const uint Shutdown = 2, Watchdog = 6;

    private readonly Privcmd _privcmd;

    /// <summary>Makes calls by a device that stays the caller's.</summary>
    public OwnCalls(Privcmd privcmd) => _privcmd = privcmd;

    /// <summary>The version of Xen's ABI, such as 4.17.</summary>
    public Version Version()
    {
        long number = _privcmd.Call("ask for the hypervisor's version", Hypercall.Version, VersionNumber);
        return new Version((int)(number >> 16), (int)(number & 0xFFFF));
    }

    /// <summary>What follows the version's number.</summary>
    public string ExtraVersion() => Text("ask for the hypervisor's extra version", VersionExtra);

    /// <summary>The kinds of guests that it can run, separated by blanks.</summary>
    public string Capabilities() => Text("ask what guests the hypervisor runs", VersionCapabilities);

    /// <summary>Writes to the hypervisor's log; it may keep only a part of it, or nothing.</summary>
    public void WriteConsole(ReadOnlySpan<byte> text)
    {
        using HypercallBuffer buffer = _privcmd.Rent();
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> part = text[..Math.Min(text.Length, buffer.Bytes.Length)];
            part.CopyTo(buffer.Bytes);
            _privcmd.Call("write to the hypervisor's console", Hypercall.Console, ConsoleWrite, (ulong)part.Length, buffer.Address);
            text = text[part.Length..];
        }
    }

    /// <summary>Ends this domain as a crash. Returns only if the hypervisor refuses.</summary>
    public void Crash()
    {
        uint reason = ShutdownReason.Crash;
        _privcmd.Call("crash", Hypercall.Scheduler, Shutdown, ref reason);
    }

    /// <summary>Sets a watchdog of this domain, which ends it unless it is set again in time.</summary>
    /// <param name="id">0 for a new one; else its number.</param>
    /// <param name="seconds">The time; 0 removes it.</param>
    /// <returns>The number of a new one.</returns>
    public uint SetWatchdog(uint id, uint seconds)
    {
        WatchdogArgument argument = new() { Id = id, Seconds = seconds };
        long result = _privcmd.Call("set the watchdog", Hypercall.Scheduler, Watchdog, ref argument);
        return id == 0 ? (uint)result : id;
    }

    private string Text(string tried, uint operation)
    {
        using HypercallBuffer buffer = _privcmd.Rent();
        buffer.Bytes.Clear();
        _privcmd.Call(tried, Hypercall.Version, operation, buffer.Address);
        return Encoding.ASCII.GetString(buffer.Bytes[..buffer.Bytes.IndexOf((byte)0)]);
    }

    /// <summary>struct sched_watchdog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct WatchdogArgument
    {
        internal uint Id;
        internal uint Seconds;
    }
}
