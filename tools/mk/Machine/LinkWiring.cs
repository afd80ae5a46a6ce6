using System;
using System.Diagnostics;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Threading;
using Microkernel.Rings;

namespace Mk.Machine;

/// <summary>
/// One side of a ring in the memory of QEMU's ivshmem device, which is a file here. The device has no interrupt that the core could
/// use: the toolstack's bell is bytes on a serial line, and this side looks at the memory now and then, often while there is
/// something going on.
/// </summary>
public sealed class LinkWiring : RingWiring
{
    /// <summary>The device's memory. What the ring does not take is the toolstack's own.</summary>
    public const long DeviceSize = 256 << 20;

    /// <summary>The rendezvous and the queues, at its beginning.</summary>
    public const int RingSize = OperatorLayout.StoreAt;

    private const int WordsSize = RingLayout.Head;

    private readonly object _lock = new();
    private readonly byte[] _seen = new byte[3 * WordsSize];
    private readonly MappedMemory _memory;
    private readonly Action _ring;
    private long _lastActivity = Stopwatch.GetTimestamp();
    private bool _isInterrupted;
    private bool _isDisposed;

    private LinkWiring(MappedMemory memory, bool isSecond, Action ring)
    {
        _memory = memory;
        _ring = ring;
        IsSecond = isSecond;
    }

    /// <inheritdoc/>
    public override bool IsSecond { get; }

    /// <inheritdoc/>
    public override Span<byte> Memory => _memory.Bytes;

    /// <summary>Makes the device's memory, all zeroes and readable for nobody else.</summary>
    public static void CreateFile(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(DeviceSize);
    }

    /// <summary>Opens a side.</summary>
    /// <param name="path">The device's memory.</param>
    /// <param name="isSecond">The host is the second side, the toolstack the first one.</param>
    /// <param name="ring">Rings the other side's bell; must not block.</param>
    public static LinkWiring Open(string path, bool isSecond, Action ring)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        using var mapped = MemoryMappedFile.CreateFromFile(
            file, null, DeviceSize, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        return new LinkWiring(new MappedMemory(mapped, RingSize), isSecond, ring);
    }

    /// <summary>Nothing to connect to: the bell is always there.</summary>
    public override uint Listen() => 1;

    /// <inheritdoc/>
    public override bool Connect(uint port) => true;

    /// <inheritdoc/>
    public override void Ring()
    {
        lock (_lock)
        {
            // An answer may come soon.
            _lastActivity = Stopwatch.GetTimestamp();
            Monitor.PulseAll(_lock);
        }
        _ring();
    }

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (!_isInterrupted && !HasNews())
            {
                TimeSpan period = Period(Stopwatch.GetElapsedTime(_lastActivity));
                TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? period : timeout - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                    return;
                Monitor.Wait(_lock, left < period ? left : period);
            }
            _isInterrupted = false;
        }
    }

    /// <inheritdoc/>
    public override void Interrupt()
    {
        lock (_lock)
        {
            _isInterrupted = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>How long to sleep when the last sign of life is so long ago.</summary>
    public static TimeSpan Period(TimeSpan idle) => TimeSpan.FromMilliseconds(idle.TotalMilliseconds switch
    {
        < 100 => 1,
        < 1000 => 5,
        _ => 20,
    });

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            (_isDisposed, _isInterrupted) = (true, true);
            Monitor.PulseAll(_lock);
            _memory.Dispose();
        }
    }

    /// <summary>Whether words that the other side changes are others than at the last look.</summary>
    private bool HasNews()
    {
        if (_isDisposed)
            return true;
        Span<byte> memory = _memory.Bytes;
        Span<byte> queues = RendezvousLayout.Queues(memory);
        bool isNew = IsNew(0, memory.Slice(IsSecond ? 0 : RendezvousLayout.SideSize, WordsSize));
        isNew |= IsNew(1, RingLayout.Queue(queues, !IsSecond)[..WordsSize]);
        isNew |= IsNew(2, RingLayout.Queue(queues, IsSecond).Slice(RingLayout.Head, WordsSize));
        if (isNew)
            _lastActivity = Stopwatch.GetTimestamp();
        return isNew;
    }

    private bool IsNew(int number, ReadOnlySpan<byte> words)
    {
        Span<byte> seen = _seen.AsSpan(number * WordsSize, WordsSize);
        if (words.SequenceEqual(seen))
            return false;
        words.CopyTo(seen);
        return true;
    }
}
