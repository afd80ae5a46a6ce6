using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Microkernel.Protos.Xenstore.Journal;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>
/// A live update's other half, beside the journal: the open sockets, which the process keeps when it starts the new program, and what their
/// clients have. It is in a file of the state folder, which is used once.
/// </summary>
internal static class Handover
{
    private const string FileName = "handover";
    private const int NoCloseOnExec = 0, CloseOnExec = 1;

    /// <summary>Writes down the sockets, which stay open from now on.</summary>
    internal static void Write(string folder, int listener, IEnumerable<SocketConnection> connections)
    {
        var message = new JournalHandover { Process = (uint)Environment.ProcessId, Listener = (uint)listener };
        message.Clients.AddRange(connections.Select(static c => c.Describe()));
        File.WriteAllBytes(Path.Combine(folder, FileName), message.ToByteArray());
        SetFlags(message, NoCloseOnExec);
    }

    /// <summary>There was no other program: undoes <see cref="Write"/>.</summary>
    internal static void Withdraw(string folder, int listener, IEnumerable<SocketConnection> connections)
    {
        File.Delete(Path.Combine(folder, FileName));
        var message = new JournalHandover { Listener = (uint)listener };
        message.Clients.AddRange(connections.Select(static c => new JournalSocket { File = (uint)c.Descriptor }));
        SetFlags(message, CloseOnExec);
    }

    /// <summary>Takes the file, if it is there and by an earlier program of this very process.</summary>
    internal static JournalHandover? Take(string? folder, Action<string> complain)
    {
        string path = Path.Combine(folder ?? "", FileName);
        if (folder is null || !File.Exists(path))
            return null;
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        try
        {
            JournalHandover message = JournalHandover.Parser.ParseFrom(bytes);
            if (message.Process != Environment.ProcessId)
                return null;
            SetFlags(message, CloseOnExec);
            return message;
        }
        catch (InvalidProtocolBufferException fault)
        {
            complain($"what the program before this one left of its sockets makes no sense: {fault.Message}");
            return null;
        }
    }

    private static void SetFlags(JournalHandover sockets, int flags)
    {
        _ = LibC.Control((int)sockets.Listener, LibC.SetDescriptorFlags, flags);
        foreach (JournalSocket client in sockets.Clients)
            _ = LibC.Control((int)client.File, LibC.SetDescriptorFlags, flags);
    }
}
