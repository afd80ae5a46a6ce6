using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Memory;
using static Microkernel.Core.Boot.ManifestText;

namespace Microkernel.Core.Boot;

/// <summary>The lines of a manifest's entry that are for service domains: privileges, rings, kept memory and devices.</summary>
internal sealed class ServiceDirectives
{
    private const int MostRings = 16;
    private const int MostDevices = 4;
    private const int SmallestRingFrames = 2;
    private const int LargestRingFrames = 256;
    private const int MostKeptFrames = 262144;
    private const int MostBars = 6;

    private readonly Manifest _manifest;
    private readonly PendingRing[] _rings;
    private int _ringCount;

    /// <summary>Reads lines into <paramref name="manifest"/>, of which <paramref name="ringLines"/> may be rings.</summary>
    public ServiceDirectives(Manifest manifest, int ringLines)
    {
        _manifest = manifest;
        _rings = new PendingRing[ringLines];
    }

    /// <summary>Reads a line of the entry with an id; false: it is none of these.</summary>
    public bool TryRead(DomainConfig entry, ushort id, int line, ReadOnlySpan<byte> word, ReadOnlySpan<byte> value)
    {
        string? problem = null;
        if (Equal(word, "privilege"u8))
            problem = ReadPrivileges(entry, value);
        else if (Equal(word, "ring"u8))
            problem = ReadRing(id, line, value);
        else if (Equal(word, "kept"u8))
            problem = ReadKept(entry, value);
        else if (Equal(word, "device"u8))
            problem = ReadDevice(entry, value);
        else
            return false;

        if (problem != null)
            _manifest.AddError(line, problem);

        return true;
    }

    /// <summary>All entries have been read: the rings' other sides are looked up.</summary>
    public void Finish(ReadOnlySpan<DomainConfig> entries)
    {
        RingConfig[] rings = new RingConfig[_ringCount];
        for (int i = 0; i < _ringCount; i++)
        {
            PendingRing pending = _rings[i];
            ushort second = FindEntry(entries, pending.Peer);
            rings[i] = new RingConfig(pending.First, second, new LentMemory(pending.Frames));
            string? problem = Check(rings.AsSpan(0, i), pending.First, second);
            if (problem != null)
                _manifest.AddError(pending.Line, problem);
            else
                entries[pending.First - 1].HasRing = entries[second - 1].HasRing = true;
        }

        _manifest.Rings = rings;
    }

    private static string? ReadPrivileges(DomainConfig entry, ReadOnlySpan<byte> value)
    {
        while (value.Length != 0)
        {
            ReadOnlySpan<byte> name = TakeWord(ref value);
            value = Trim(value);
            Privilege privilege = Equal(name, "build"u8) ? Privilege.Build
                : Equal(name, "control"u8) ? Privilege.Control
                : Equal(name, "info"u8) ? Privilege.Info
                : Equal(name, "log"u8) ? Privilege.Log
                : Equal(name, "events"u8) ? Privilege.Events
                : Equal(name, "doorbell"u8) ? Privilege.Doorbell
                : Privilege.None;
            if (privilege == Privilege.None)
                return "privileges are build, control, info, log, events and doorbell";

            entry.Privileges |= privilege;
        }

        return entry.Privileges == Privilege.None ? "name a privilege: build, control, info, log, events or doorbell" : null;
    }

    private string? ReadRing(ushort id, int line, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> peer = TakeWord(ref value);
        long frames = ParseKibibytes(Trim(value)) / 4;
        if (frames is < SmallestRingFrames or > LargestRingFrames || (frames & (frames - 1)) != 0)
            return "a ring is the name of its other side and a size: a power of two from 8K to 1024K";

        _rings[_ringCount++] = new PendingRing { First = id, Line = line, Peer = peer.ToArray(), Frames = (int)frames };
        return null;
    }

    private static string? ReadKept(DomainConfig entry, ReadOnlySpan<byte> value)
    {
        long kib = ParseKibibytes(value);
        if (kib < 4 || kib % 4 != 0 || kib / 4 > MostKeptFrames || entry.Kept.Count != 0)
            return "kept memory is one size for an entry: a multiple of 4K up to 1024M";

        entry.Kept = new LentMemory((int)(kib / 4));
        return null;
    }

    private static string? ReadDevice(DomainConfig entry, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> id = TakeWord(ref value);
        int colon = id.IndexOf((byte)':');
        long vendor = colon < 0 ? -1 : ParseHexadecimal(id.Slice(0, colon));
        long device = colon < 0 ? -1 : ParseHexadecimal(id.Slice(colon + 1));
        long bar = ParseNumber(Trim(value));
        if (vendor < 0 || device < 0 || bar is < 0 or >= MostBars || entry.Devices.Length == MostDevices)
            return "a device is VENDOR:DEVICE in hexadecimal and the number of a base address register, 0 to 5; four at most";

        DeviceMemory[] devices = new DeviceMemory[entry.Devices.Length + 1];
        entry.Devices.AsSpan().CopyTo(devices);
        devices[^1] = new DeviceMemory((uint)(device << 16 | vendor), (int)bar);
        entry.Devices = devices;
        return null;
    }

    private static string? Check(ReadOnlySpan<RingConfig> earlier, ushort first, ushort second)
    {
        if (second == 0 || first == second)
            return second == 0 ? "no domain or service of this name stands in the manifest" : "a ring joins two different entries";

        int firsts = 0;
        int seconds = 0;
        foreach (RingConfig ring in earlier)
        {
            if (ring.Joins(first) && ring.Joins(second))
                return "these two have a ring already";

            firsts += ring.Joins(first) ? 1 : 0;
            seconds += ring.Joins(second) ? 1 : 0;
        }

        return firsts < MostRings && seconds < MostRings ? null : "too many rings: an entry can have 16";
    }

    private static ushort FindEntry(ReadOnlySpan<DomainConfig> entries, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            if (Equal(entries[i].Name, name))
                return (ushort)(i + 1);
        }

        return 0;
    }

    private struct PendingRing
    {
        public ushort First;
        public int Line;
        public int Frames;
        public byte[] Peer;
    }
}
