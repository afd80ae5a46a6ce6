using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Net.Sockets;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// Two processes on plain Linux, for tests and tools: memory in a file that both map, a Unix socket whose bytes are the
/// notifications and whose end is the other side's end. Files are readable by their owner only, and unlinked as soon as both
/// sides have them. A peer that shrinks the file stops this process (SIGBUS): it is the same user's, and could do that anyway.
/// </summary>
public sealed class SharedMemoryTransport : RingTransport
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Socket _socket;
    private readonly MappedMemory _memory;
    private readonly byte[] _received = new byte[64];
    private volatile bool _isOver;

    private SharedMemoryTransport(Socket socket, MappedMemory memory, bool isSecond)
    {
        _socket = socket;
        _socket.Blocking = false;
        _memory = memory;
        IsSecond = isSecond;
    }

    /// <inheritdoc/>
    public override bool IsSecond { get; }

    /// <inheritdoc/>
    public override Span<byte> Memory => _memory.Bytes;

    /// <inheritdoc/>
    public override bool IsConnected => !_isOver;

    /// <summary>The first side: makes the memory and waits for the second one.</summary>
    /// <param name="path">Where the socket appears; the memory is beside it. Neither may exist.</param>
    /// <param name="ringSize">The memory's size; the second side must know it too.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <exception cref="TimeoutException">Nobody came.</exception>
    public static SharedMemoryTransport Listen(string path, int ringSize, TimeSpan timeout)
    {
        using Socket listener = NewSocket();
        listener.Bind(new UnixDomainSocketEndPoint(path));
        MappedMemory? memory = null;
        try
        {
            File.SetUnixFileMode(path, OwnerOnly);
            memory = CreateMemory(MemoryPath(path), ringSize);
            listener.Listen(1);
            if (!listener.Poll(timeout, SelectMode.SelectRead))
                throw new TimeoutException($"nobody connected to {path}");
            return new(listener.Accept(), memory, isSecond: false);
        }
        catch
        {
            memory?.Dispose();
            throw;
        }
        finally
        {
            File.Delete(path);
            File.Delete(MemoryPath(path));
        }
    }

    /// <summary>The second side.</summary>
    /// <param name="path">Where the first side listens.</param>
    /// <param name="ringSize">The memory's size.</param>
    /// <param name="timeout">How long to wait until it does.</param>
    /// <exception cref="SocketException">Nobody listens.</exception>
    /// <exception cref="InvalidDataException">The first side's memory has another size.</exception>
    public static SharedMemoryTransport Connect(string path, int ringSize, TimeSpan timeout)
    {
        Socket socket = NewSocket();
        MappedMemory? memory = null;
        try
        {
            // Mapped before the first side hears of us, because then it unlinks the file.
            memory = Retry(timeout, () => OpenMemory(MemoryPath(path), ringSize));
            Retry(timeout, () =>
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return true;
            });
            return new(socket, memory, isSecond: true);
        }
        catch
        {
            memory?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Notify()
    {
        // A full socket holds notifications enough; an ended one is found out by waiting.
        ReadOnlySpan<byte> bell = [1];
        _socket.Send(bell, SocketFlags.None, out _);
    }

    /// <inheritdoc/>
    public override void Wait(TimeSpan timeout)
    {
        if (_isOver || !_socket.Poll(timeout, SelectMode.SelectRead))
            return;
        int count = _socket.Receive(_received, SocketFlags.None, out SocketError error);
        if (error != SocketError.WouldBlock && (error != SocketError.Success || count == 0))
            _isOver = true;
    }

    /// <inheritdoc/>
    public override void Disconnect()
    {
        if (_isOver)
            return;
        _isOver = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other side was faster.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _socket.Dispose();
        _memory.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static string MemoryPath(string path) => path + ".memory";

    private static MappedMemory CreateMemory(string path, int size)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = OwnerOnly,
        });
        return Map(file, size);
    }

    private static MappedMemory OpenMemory(string path, int size)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length != size)
            throw new InvalidDataException($"{path} has {file.Length} bytes, expected {size}");
        return Map(file, size);
    }

    private static MappedMemory Map(FileStream file, int size)
    {
        using var mapped = MemoryMappedFile.CreateFromFile(file, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        return new MappedMemory(mapped, size);
    }

    /// <summary>Tries again while the first side is not there yet.</summary>
    private static T Retry<T>(TimeSpan timeout, Func<T> attempt)
    {
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                return attempt();
            }
            catch (Exception e) when (e is IOException or InvalidDataException or SocketException && Environment.TickCount64 < end)
            {
                Thread.Sleep(1);
            }
        }
    }
}
