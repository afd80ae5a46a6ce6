using System;
using System.Buffers.Text;
using System.Linq;

namespace Microkernel.XenStore.Bench;

/// <summary>The operations that are measured.</summary>
internal static class Rows
{
    private const uint Directory = 1, Read = 2, Watch = 4, Start = 6, End = 7, Write = 11, Make = 12, Remove = 13;

    private static readonly byte[] StartRequest = Wire.Request(Start, "\0");

    /// <summary>Every operation by its name.</summary>
    internal static (string Name, Func<Wire, Action> Prepare)[] All { get; } =
    [
        ("read", static w => Simple(w, Read, "/bench/value\0")),
        ("write", static w => Simple(w, Write, "/bench/value\0some value")),
        ("directory of 1,000 entries", static w => Simple(w, Directory, "/bench/dir\0")),
        ("mkdir and rm", static w => Pair(w)),
        ("empty transaction", static w => InTransaction(w)),
        ("transaction of a read and a write", static w => InTransaction(w, (Read, "/bench/value\0"), (Write, "/bench/value\0some value"))),
        ("transaction of ten writes", static w => InTransaction(w, [.. Enumerable.Range(0, 10).Select(static i => (Write, $"/bench/ten/{i}\0some value"))])),
        ("write and its own watch event", static w => Watched(w)),
    ];

    /// <summary>Makes what the operations need.</summary>
    internal static void Fill(Wire wire)
    {
        wire.Do(Wire.Request(Write, "/bench/value\0some value"));
        for (int i = 0; i < 1000; i++)
            wire.Do(Wire.Request(Write, $"/bench/dir/{i}\0"));
    }

    /// <summary>A request to read a small value.</summary>
    internal static byte[] ReadRequest { get; } = Wire.Request(Read, "/bench/value\0");

    private static Action Simple(Wire wire, uint type, string payload)
    {
        byte[] request = Wire.Request(type, payload);
        return () => wire.Do(request);
    }

    private static Action Pair(Wire wire)
    {
        byte[] make = Wire.Request(Make, "/bench/made\0"), remove = Wire.Request(Remove, "/bench/made\0");
        return () =>
        {
            wire.Do(make);
            wire.Do(remove);
        };
    }

    private static Action InTransaction(Wire wire, params (uint Type, string Payload)[] operations)
    {
        byte[][] requests = [.. operations.Select(static o => Wire.Request(o.Type, o.Payload)), Wire.Request(End, "T\0")];
        return () =>
        {
            wire.Do(StartRequest);
            Utf8Parser.TryParse(wire.Answer[..^1], out uint id, out _);
            foreach (byte[] request in requests)
            {
                BitConverter.TryWriteBytes(request.AsSpan(8), id);
                wire.Do(request);
            }
        };
    }

    private static Action Watched(Wire wire)
    {
        wire.Do(Wire.Request(Watch, "/bench/watched\0token\0"), messages: 2);
        byte[] request = Wire.Request(Write, "/bench/watched\0some value");
        return () => wire.Do(request, messages: 2);
    }
}
