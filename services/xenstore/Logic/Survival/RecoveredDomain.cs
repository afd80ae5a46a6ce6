using System.Collections.Generic;
using System.Linq;
using Microkernel.Protos.Xenstore.Journal;

namespace Microkernel.XenStore;

/// <summary>What the journal has of a domain.</summary>
internal sealed class RecoveredDomain
{
    private const int LongestOutput = 1 << 20;

    private byte[] _output = [];

    internal RecoveredDomain(JournalDomain message) => Message = message;

    internal JournalDomain Message { get; set; }

    internal List<JournalWatch> Watches { get; } = [];

    internal bool HasLostEvents { get; set; }

    internal JournalProgress? Progress { get; private set; }

    /// <summary>The last messages for the domain, up to the progress' end; some of them may be in its ring already.</summary>
    internal byte[] Output => _output;

    internal void Advance(JournalProgress progress)
    {
        byte[] added = progress.Output.ToByteArray();
        bool isContinued = Progress is not null && Progress.ResponseEnd + (uint)added.Length == progress.ResponseEnd;
        _output = isContinued ? [.. _output.TakeLast(LongestOutput), .. added] : added;
        Progress = progress;
    }

    internal void RemoveWatch(JournalWatch watch)
    {
        int index = Watches.FindIndex(w =>
            w.Path.Equals(watch.Path) && w.Token.Equals(watch.Token) && w.BaseLength == watch.BaseLength);
        if (index >= 0)
            Watches.RemoveAt(index);
    }
}
