using System;
using System.Collections.Generic;

namespace Microkernel.Services.Memory.Core;

/// <summary>
/// What the memory service asks of the core, with its privileges Build, Info and Events. A <see cref="HypervisorException"/> says that the
/// core refused. Any thread may call.
/// </summary>
public interface IHypervisor
{
    /// <summary>The lowest number that a guest gets; those below belong to entries of the manifest.</summary>
    uint FirstGuest { get; }

    /// <summary>The memory service's own domain.</summary>
    uint OwnDomain { get; }

    /// <summary>The files of the boot loader.</summary>
    IReadOnlyList<BootFile> Files { get; }

    /// <summary>Reads a part of a file; as much as there is.</summary>
    int ReadFile(int file, ulong offset, Span<byte> bytes);

    /// <summary>Memory of the host.</summary>
    HostFacts GetHost();

    /// <summary>All domains.</summary>
    IReadOnlyList<DomainFacts> ListDomains();

    /// <summary>Makes a paused domain without memory.</summary>
    /// <param name="id">The number of a service's entry, or 0 for a guest.</param>
    /// <param name="vcpus">vCPUs that it will have.</param>
    /// <param name="allowsGrantV2">It may switch its grant table to version 2.</param>
    /// <param name="handle">Its universal id, 16 bytes.</param>
    /// <returns>Its number.</returns>
    uint Create(uint id, int vcpus, bool allowsGrantV2, ReadOnlySpan<byte> handle);

    /// <summary>Gives the domain the vCPUs that it was made for.</summary>
    void MakeVcpus(uint domain, int vcpus);

    /// <summary>How many pages of memory it may have.</summary>
    void SetMaximum(uint domain, ulong pages);

    /// <summary>How much memory the core has for its own structures about the domain.</summary>
    void SetPool(uint domain, ulong bytes);

    /// <summary>How many bytes that are.</summary>
    ulong GetPool(uint domain);

    /// <summary>Promises pages, so that nobody else gets them; 0 takes the promise back.</summary>
    void Claim(uint domain, ulong pages);

    /// <summary>What the domain is told of its memory: entries of 20 bytes as in E820.</summary>
    void SetMemoryMap(uint domain, ReadOnlySpan<byte> entries, int count);

    /// <summary>Gives the domain zeroed memory at some pages.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="pages">First pages of extents.</param>
    /// <param name="order">log2 of the pages of an extent: 0, 9 or 18.</param>
    /// <returns>How many extents were given.</returns>
    int Populate(uint domain, ReadOnlySpan<ulong> pages, int order);

    /// <summary>Writes into a domain that has not started.</summary>
    void CopyTo(uint domain, ulong address, ReadOnlySpan<byte> bytes);

    /// <summary>Copies from a file of the boot loader into a domain that has not started.</summary>
    void CopyFile(uint domain, int file, ulong offset, ulong length, ulong address);

    /// <summary>The state in which vCPU 0 starts: struct vcpu_hvm_context.</summary>
    void SetEntry(uint domain, ReadOnlySpan<byte> context);

    /// <summary>Grants a page of the domain to another one, in one of its first grant references.</summary>
    void SeedGrant(uint domain, int reference, uint backend, ulong page);

    /// <summary>Gives a service the core's own console.</summary>
    void AttachConsole(uint domain);

    /// <summary>Makes a port of the domain that <paramref name="remote"/> can bind to.</summary>
    uint AllocatePort(uint domain, uint remote);

    /// <summary>Sets an HVM parameter.</summary>
    void SetParameter(uint domain, uint index, ulong value);

    /// <summary>Changes a domain's universal id.</summary>
    void SetHandle(uint domain, ReadOnlySpan<byte> handle);

    /// <summary>Starts a domain, and seals its memory with that.</summary>
    void Unpause(uint domain);

    /// <summary>Ends a domain and takes its memory back; returns when it is gone. None of that number is no error.</summary>
    void Destroy(uint domain);
}
