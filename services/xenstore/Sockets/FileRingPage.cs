using System;
using System.IO;
using System.Text;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>A ring page in a file, with fifos for bells.</summary>
internal sealed class FileRingPage : RingPage
{
    private readonly MappedFile _page;
    private readonly int _answer;

    internal FileRingPage(string name)
    {
        if (!File.Exists(name + ".ring"))
            throw new FileNotFoundException($"there is no ring {name}.ring");
        _page = new MappedFile(name + ".ring");
        if (_page.Bytes.Length < RingFields.Size)
            throw new InvalidDataException($"{name}.ring is too short for a ring");
        Bell = OpenFifo(name + ".bell");
        _answer = OpenFifo(name + ".answer");
    }

    /// <summary>What can be read from when the domain has rung.</summary>
    internal int Bell { get; }

    /// <summary>The connection that uses the page.</summary>
    internal RingConnection? Connection { get; set; }

    public override Span<byte> Memory => _page.Bytes;

    public override void Notify()
    {
        // A full fifo has rung often enough.
        byte ring = 1;
        _ = LibC.Write(_answer, ref ring, 1);
    }

    public override void Dispose()
    {
        _page.Dispose();
        _ = LibC.Close(Bell);
        _ = LibC.Close(_answer);
    }

    private static int OpenFifo(string path)
    {
        // For reading and writing: neither waits for the other side nor ends with it.
        int descriptor = LibC.Open(Encoding.UTF8.GetBytes(path + '\0'), LibC.ReadWrite | LibC.NonBlocking | LibC.CloseOnExec, 0);
        return descriptor >= 0 ? descriptor : throw new FileNotFoundException($"there is no fifo {path}");
    }
}
