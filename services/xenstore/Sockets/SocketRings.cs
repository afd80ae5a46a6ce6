using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>
/// Domains on plain Linux, for tests and tools: the ring page of domain 7 is the file 7.ring of a folder, its bells are the fifos 7.bell
/// (towards the store) and 7.answer. Whoever plays the domain makes them.
/// </summary>
internal sealed class SocketRings : DomainHost
{
    private readonly Dictionary<int, FileRingPage> _pages = [];
    private readonly string? _folder;
    private readonly StoreServer _server;

    internal SocketRings(StoreServer server, string? folder)
    {
        _server = server;
        _folder = folder;
    }

    /// <summary>The loop that serves the rings; those that are there already wait for it.</summary>
    internal SocketLoop? Loop { get; private set; }

    internal void Serve(SocketLoop loop)
    {
        Loop = loop;
        foreach (FileRingPage page in _pages.Values)
            loop.Add(page.Bell, page.Connection!);
    }

    public override bool Connect(Domain domain)
    {
        if (_folder is null)
            return false;
        string name = Path.Combine(_folder, $"{domain.Id}");
        try
        {
            var page = new FileRingPage(name);
            page.Connection = new RingConnection(_server, domain, page);
            _pages.Add(domain.Id, page);
            Loop?.Add(page.Bell, page.Connection);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public override void Disconnect(Domain domain)
    {
        if (!_pages.Remove(domain.Id, out FileRingPage? page))
            return;
        Loop?.Remove(page.Bell);
        page.Dispose();
    }
}
