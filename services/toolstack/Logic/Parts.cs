using System;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Guests;
using Microkernel.Services.Toolstack.Store;

namespace Microkernel.Services.Toolstack;

/// <summary>What everything in the toolstack works with.</summary>
internal sealed class Parts
{
    internal Parts(ICore core, Peers peers, ContentStore content, Patience patience, Action<string> log)
    {
        Core = core;
        Peers = peers;
        Content = content;
        Patience = patience;
        Log = log;
        Tree = new StoreTree(peers.Store, patience);
        Records = new RecordStore(Tree, core.OwnDomain);
    }

    internal ICore Core { get; }

    internal Peers Peers { get; }

    internal ContentStore Content { get; }

    internal Patience Patience { get; }

    internal Action<string> Log { get; }

    internal StoreTree Tree { get; }

    internal RecordStore Records { get; }

    internal GuestTable Guests { get; } = new();

    internal EventHub Events { get; } = new();
}
