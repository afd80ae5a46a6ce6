using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Tests;

/// <summary>
/// A simple model of the core: it counts pages, and refuses what the core refuses. A <see cref="Fault"/> may make any call fail, before it has
/// done anything.
/// </summary>
internal sealed class FakeHypervisor(ulong totalPages = 64 << 8) : IHypervisor
{
    internal const uint FirstGuestId = 6;
    internal const int OtherError = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, FakeDomain> _domains = [];
    private readonly List<(BootFile File, byte[] Content)> _files = [];
    private uint _nextId = FirstGuestId;
    private uint _nextPort = 1;

    /// <summary>Asked before each call by its name: an error number, or 0 to let it be.</summary>
    internal Func<string, int> Fault { get; set; } = static _ => 0;

    /// <summary>The largest extents that the host has.</summary>
    internal int LargestOrder { get; set; } = 18;

    internal ulong TotalPages { get; } = totalPages;

    internal ulong FreePages { get; private set; } = totalPages;

    internal IReadOnlyDictionary<uint, FakeDomain> Domains => _domains;

    public uint FirstGuest => FirstGuestId;

    public uint OwnDomain => 1;

    public IReadOnlyList<BootFile> Files => [.. _files.Select(static f => f.File)];

    private ulong Claimed => _domains.Values.Aggregate(0UL, static (sum, d) => sum + d.Claimed);

    internal BootFile AddFile(string name, byte[] content)
    {
        var file = new BootFile(_files.Count, name, (ulong)content.Length);
        _files.Add((file, content));
        return file;
    }

    public int ReadFile(int file, ulong offset, Span<byte> bytes)
    {
        Begin();
        ReadOnlySpan<byte> rest = _files[file].Content.AsSpan((int)Math.Min(offset, (ulong)_files[file].Content.Length));
        int count = Math.Min(rest.Length, bytes.Length);
        rest[..count].CopyTo(bytes);
        return count;
    }

    public HostFacts GetHost()
    {
        lock (_lock)
        {
            Begin();
            return new HostFacts(TotalPages, FreePages, Claimed);
        }
    }

    public IReadOnlyList<DomainFacts> ListDomains()
    {
        lock (_lock)
        {
            Begin();
            return
            [
                .. _domains.Values.Select(static d => new DomainFacts
                {
                    Id = d.Id, Handle = [.. d.Handle], EndReason = d.EndReason, Vcpus = d.Vcpus, Pages = (ulong)d.Pages.Count, MaximumPages = d.Maximum,
                }),
            ];
        }
    }

    public uint Create(uint id, int vcpus, bool allowsGrantV2, ReadOnlySpan<byte> handle)
    {
        lock (_lock)
        {
            Begin();
            if (_domains.ContainsKey(id))
                throw new HypervisorException("exists", 17);
            uint domain = id != 0 ? id : _nextId++;
            _domains[domain] = new FakeDomain { Id = domain, VcpusWanted = vcpus, Handle = handle.ToArray() };
            return domain;
        }
    }

    public void MakeVcpus(uint domain, int vcpus) => Change(domain, true, d =>
    {
        if (vcpus != d.VcpusWanted)
            throw new ModelException("other vCPUs than it was made for");
        d.Vcpus = vcpus;
    });

    public void SetMaximum(uint domain, ulong pages) => Change(domain, false, d => d.Maximum = pages);

    public void SetPool(uint domain, ulong bytes) => Change(domain, false, d =>
    {
        ulong pages = bytes / FakeDomain.PageSize;
        if (pages > d.Pool && pages - d.Pool > FreePages - Claimed)
            throw NoMemory();
        FreePages = FreePages + d.Pool - pages;
        d.Pool = pages;
    });

    public ulong GetPool(uint domain)
    {
        ulong bytes = 0;
        Change(domain, false, d => bytes = d.Pool * FakeDomain.PageSize);
        return bytes;
    }

    public void Claim(uint domain, ulong pages) => Change(domain, false, d =>
    {
        ulong have = (ulong)d.Pages.Count;
        if (pages != 0 && (d.Claimed != 0 || pages < have || pages > d.Maximum))
            throw new HypervisorException("claim", 22);
        ulong more = pages == 0 ? 0 : pages - have;
        if (more > FreePages - (Claimed - d.Claimed))
            throw NoMemory();
        d.Claimed = more;
    });

    public void SetMemoryMap(uint domain, ReadOnlySpan<byte> entries, int count)
    {
        if (entries.Length != count * 20)
            throw new ModelException("a memory map of another length");
        Change(domain, true, static d => d.HasMap = true);
    }

    public int Populate(uint domain, ReadOnlySpan<ulong> pages, int order)
    {
        ulong[] extents = pages.ToArray();
        int done = 0;
        Change(domain, true, d =>
        {
            while (done < extents.Length && TryPopulate(d, extents[done], order))
                done++;
        });
        return done;
    }

    public void CopyTo(uint domain, ulong address, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        Change(domain, true, d => d.Write(address, copy));
    }

    public void CopyFile(uint domain, int file, ulong offset, ulong length, ulong address) =>
        Change(domain, true, d => d.Write(address, _files[file].Content.AsSpan((int)offset, (int)length)));

    public void SetEntry(uint domain, ReadOnlySpan<byte> context)
    {
        byte[] copy = context.ToArray();
        Change(domain, true, d => d.Entry = d.Vcpus != 0 ? copy : throw new ModelException("no vCPU to set the state of"));
    }

    public void SeedGrant(uint domain, int reference, uint backend, ulong page) => Change(domain, true, d => d.Grants[reference] = (backend, page));

    public void AttachConsole(uint domain) => Change(domain, true, d =>
    {
        if (d.Id >= FirstGuest || !d.Pages.ContainsKey(0xFEFFE))
            throw new ModelException("the core's console is for services that have a page for it");
        d.HasCoreConsole = true;
    });

    public uint AllocatePort(uint domain, uint remote)
    {
        uint port = 0;
        Change(domain, true, d => d.Ports[port = _nextPort++] = remote);
        return port;
    }

    public void SetParameter(uint domain, uint index, ulong value) => Change(domain, true, d => d.Parameters[index] = value);

    public void SetHandle(uint domain, ReadOnlySpan<byte> handle)
    {
        byte[] copy = handle.ToArray();
        Change(domain, false, d => d.Handle = copy);
    }

    public void Unpause(uint domain) => Change(domain, false, d =>
    {
        if (d.Entry is null)
            throw new HypervisorException("nothing to start", 22);
        d.IsSealed = true;
    });

    public void Destroy(uint domain)
    {
        lock (_lock)
        {
            Begin();
            if (_domains.Remove(domain, out FakeDomain? gone))
                FreePages += (ulong)gone.Pages.Count + gone.Pool;
        }
    }

    /// <summary>A domain ends by itself, and stays until it is destroyed.</summary>
    internal void End(uint domain, uint reason)
    {
        lock (_lock)
            _domains[domain].EndReason = reason;
    }

    private static HypervisorException NoMemory() => new("no memory", HypervisorException.NoMemory);

    private bool TryPopulate(FakeDomain domain, ulong page, int order)
    {
        ulong count = 1UL << order;
        if (page % count != 0)
            throw new ModelException("an extent that is not aligned");
        ulong fromClaim = Math.Min(count, domain.Claimed);
        bool isFree = count <= FreePages && count - fromClaim <= FreePages - Claimed;
        if (order > LargestOrder || !isFree || (ulong)domain.Pages.Count + count > domain.Maximum)
            return false;
        for (ulong i = 0; i < count; i++)
        {
            if (!domain.Pages.TryAdd(page + i, order))
                throw new ModelException("a page is given twice");
        }

        domain.Claimed -= fromClaim;
        FreePages -= count;
        return true;
    }

    private void Begin([CallerMemberName] string name = "")
    {
        int error = Fault(name);
        if (error != 0)
            throw new HypervisorException($"{name} fails in this test", error);
    }

    private void Change(uint id, bool writes, Action<FakeDomain> change, [CallerMemberName] string name = "")
    {
        lock (_lock)
        {
            Begin(name);
            if (!_domains.TryGetValue(id, out FakeDomain? domain))
                throw new HypervisorException("there is no such domain", HypervisorException.NoDomain);
            if (writes && domain.IsSealed)
                throw new ModelException($"{name} of a domain that has run");
            change(domain);
        }
    }
}
