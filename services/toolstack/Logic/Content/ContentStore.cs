using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Microkernel.Services.Toolstack.Content;

/// <summary>
/// The files that the operator has brought in, known by their hashes, in memory of a fixed size. What nobody needs makes room for
/// what is new, the longest unused first. An upload that was cut off goes on where it was, also after a restart.
/// </summary>
public sealed class ContentStore
{
    /// <summary>An upload that stood still for this long gives way to others.</summary>
    internal static readonly TimeSpan UploadPatience = TimeSpan.FromMinutes(1);

    /// <summary>Parts of a file that may overtake those in front of them: more than any client sends at a time.</summary>
    internal const int MostPartsAhead = 16;

    private readonly Lock _lock = new();
    private readonly ContentMemory _memory;
    private readonly TimeProvider _time;
    private readonly List<ContentEntry> _entries = [];
    private ulong _lastUpload;

    /// <summary>Takes over the memory, and the files that are in it.</summary>
    public ContentStore(ContentMemory memory, TimeProvider time)
    {
        _memory = memory;
        _time = time;
        if (memory.Bytes.Length < 2 * ContentIndex.Size)
            throw new ArgumentException($"the content store has {memory.Bytes.Length} bytes and needs {2 * ContentIndex.Size}", nameof(memory));
        ContentIndex.Prepare(memory.Bytes);
        for (int i = 0; i < ContentIndex.Entries; i++)
            TakeOver(i);
    }

    /// <summary>The longest file that can be stored.</summary>
    public long LargestFile => _memory.Bytes.Length - ContentIndex.Size;

    /// <summary>Begins an upload, or goes on with one.</summary>
    /// <returns>What to call it, and the bytes of it that are there.</returns>
    internal (ulong Upload, long Have) Begin(ReadOnlySpan<byte> hash, ulong size)
    {
        if (hash.Length != Sha256.Size)
            throw Failure.Argument($"a SHA-256 has {Sha256.Size} bytes, not {hash.Length}");
        if (size == 0)
            throw Failure.Argument("the file is empty");
        if (size > (ulong)LargestFile)
            throw Failure.Exhausted($"the file has {size} bytes, and the host's store takes {LargestFile} at most");
        lock (_lock)
        {
            ContentEntry entry = Find(hash) ?? Add(hash.ToArray(), (long)size);
            if (entry.Length != (long)size)
                throw Failure.Argument($"the file with this hash has {entry.Length} bytes, not {size}");
            if (entry.Upload == 0)
                entry.Upload = ++_lastUpload;
            Touch(entry);
            return (entry.Upload, entry.Have);
        }
    }

    /// <summary>
    /// Takes a part of a file. Parts that are there already change nothing. Calls that are under way together are served in any order:
    /// a part that has overtaken others is kept until they are there.
    /// </summary>
    /// <returns>The bytes that are there now, from the start.</returns>
    internal long Write(ulong upload, ulong offset, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            ContentEntry entry = _entries.Find(e => e.Upload == upload && upload != 0)
                ?? throw Failure.NotFound("there is no such upload any more: begin it again");
            Touch(entry);
            if (offset > (ulong)entry.Length || (ulong)data.Length > (ulong)entry.Length - offset)
                throw Failure.OutOfRange($"the part ends after the file, which has {entry.Length} bytes");
            Put(entry, (long)offset, data);
            return entry.Have;
        }
    }

    /// <summary>Holds a file; null if it is not there as a whole.</summary>
    internal PinnedContent? Pin(ReadOnlySpan<byte> hash)
    {
        lock (_lock)
        {
            if (Find(hash) is not { IsComplete: true } entry)
                return null;
            entry.Pins++;
            Touch(entry);
            return new PinnedContent(this, entry);
        }
    }

    internal void Unpin(ContentEntry entry)
    {
        lock (_lock)
        {
            entry.Pins--;
            Touch(entry);
        }
    }

    /// <summary>The bytes of a pinned file.</summary>
    internal ReadOnlySpan<byte> BytesOf(ContentEntry entry) => _memory.Bytes.Slice((int)entry.Offset, (int)entry.Length);

    /// <summary>Hashes a pinned file that was here before this incarnation; one that is wrong is forgotten.</summary>
    internal bool Verify(ContentEntry entry)
    {
        if (entry.IsTrusted)
            return true;
        // Without the lock, because it takes long: the pin keeps the bytes where they are.
        var hash = new Sha256();
        hash.Append(BytesOf(entry));
        if (hash.Finish().AsSpan().SequenceEqual(entry.Hash))
            return entry.IsTrusted = true;
        lock (_lock)
            Remove(entry);
        return false;
    }

    private void TakeOver(int number)
    {
        ContentEntry? entry = ContentIndex.Read(_memory.Bytes, number);
        bool isUsable = entry is not null && !_entries.Exists(other =>
            (other.Offset < entry.End && entry.Offset < other.End) || other.Hash.AsSpan().SequenceEqual(entry.Hash));
        if (isUsable)
            _entries.Add(entry!);
        else
            ContentIndex.Clear(_memory.Bytes, number);
    }

    private ContentEntry? Find(ReadOnlySpan<byte> hash)
    {
        foreach (ContentEntry entry in _entries)
        {
            if (hash.SequenceEqual(entry.Hash))
                return entry;
        }

        return null;
    }

    private void Touch(ContentEntry entry) => entry.LastUse = _time.GetTimestamp();

    private void Put(ContentEntry entry, long begin, ReadOnlySpan<byte> data)
    {
        if (begin > entry.Have && entry.Ahead.Count == MostPartsAhead && !entry.Ahead.ContainsKey(begin))
            throw Failure.OutOfRange($"the part begins at {begin}, and the next one is due at {entry.Have}");
        int known = (int)Math.Clamp(entry.Have - begin, 0, data.Length);
        if (known == data.Length)
            return;
        data[known..].CopyTo(_memory.Bytes[(int)(entry.Offset + begin + known)..]);
        long end = begin + data.Length;
        if (begin > entry.Have)
            entry.Ahead[begin] = Math.Max(end, entry.Ahead.GetValueOrDefault(begin));
        else
            Advance(entry, end);
    }

    private void Advance(ContentEntry entry, long have)
    {
        // What the operator sends is what the operator says it is, and lies in memory that the operator can write: hashing it here would
        // only take its time. What was left by an incarnation that has died is another matter.
        entry.IsTrusted |= entry.Have == 0;
        while (entry.Ahead.Count > 0 && entry.Ahead.GetKeyAtIndex(0) <= have)
        {
            have = Math.Max(have, entry.Ahead.GetValueAtIndex(0));
            entry.Ahead.RemoveAt(0);
        }

        entry.Have = have;
        ContentIndex.WriteProgress(_memory.Bytes, entry);
    }

    private ContentEntry Add(byte[] hash, long length)
    {
        long? place;
        while ((place = FindGap(length)) is null || _entries.Count == ContentIndex.Entries)
        {
            Remove(Unneeded() ?? throw Failure.Exhausted(
                $"the host's store of {LargestFile} bytes has no room for {length} more: files of guests that can restart, and uploads that go on, stay"));
        }

        int number = Enumerable.Range(0, ContentIndex.Entries).First(n => !_entries.Exists(e => e.Number == n));
        var entry = new ContentEntry(number, hash, place.Value, length);
        _entries.Add(entry);
        ContentIndex.Write(_memory.Bytes, entry);
        return entry;
    }

    /// <summary>The first place where a file fits between others.</summary>
    private long? FindGap(long length)
    {
        long place = ContentIndex.Size;
        foreach (ContentEntry entry in _entries.OrderBy(static e => e.Offset))
        {
            if (entry.Offset - place >= length)
                return place;
            place = entry.End;
        }

        return _memory.Bytes.Length - place >= length ? place : null;
    }

    private ContentEntry? Unneeded() => _entries.Where(MayGo).MinBy(static e => e.LastUse);

    private bool MayGo(ContentEntry entry) => entry.Pins == 0
        && (entry.IsComplete || entry.Upload == 0 || _time.GetElapsedTime(entry.LastUse) >= UploadPatience);

    private void Remove(ContentEntry entry)
    {
        _entries.Remove(entry);
        ContentIndex.Clear(_memory.Bytes, entry.Number);
    }
}
