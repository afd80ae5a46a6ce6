using System;
using System.IO;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Mk.Terminal;

/// <summary>Hands on what comes on the standard input as it comes.</summary>
public static class KeyInput
{
    /// <summary>Reads on a thread of its own, until the input ends or there is no interest any more.</summary>
    /// <param name="take">Takes what was typed; false to read no more.</param>
    public static void Start(Func<ReadOnlyMemory<byte>, bool> take) => new Thread(() => Read(take)) { IsBackground = true, Name = "keys" }.Start();

    private static void Read(Func<ReadOnlyMemory<byte>, bool> take)
    {
        var buffer = new byte[256];
        // Not Console's stream: on a terminal that one reads whole lines, and sets the terminal's mode to do so.
        using var handle = new SafeFileHandle(0, ownsHandle: false);
        using Stream? input = handle.IsInvalid ? null : new FileStream(handle, FileAccess.Read, bufferSize: 0);
        while (Read(input, buffer) is > 0 and var n && take(buffer.AsMemory(0, n)))
        {
        }
    }

    /// <summary>Reads what is there; 0 at the end of the input, also when the terminal has been taken away.</summary>
    private static int Read(Stream? input, byte[] buffer)
    {
        try
        {
            return input?.Read(buffer) ?? 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
