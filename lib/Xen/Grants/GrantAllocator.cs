using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>Pages of this domain that another one may map, by /dev/xen/gntalloc. Any thread may use it.</summary>
public sealed class GrantAllocator : IDisposable
{
    private const int HeaderSize = 16, CountAt = 4, IndexAt = 8;
    private const ushort Writable = 1;

    // Of the structure with one reference, padded to its alignment, however many there are.
    private const int NominalSize = 24;

    private static readonly uint AllocateRequest = Device.Request('G', 5, NominalSize);
    private static readonly uint FreeRequest = Device.Request('G', 6, 16);

    private readonly Device _device;

    private GrantAllocator(Device device) => _device = device;

    /// <summary>Opens the device.</summary>
    /// <exception cref="XenException">It is not there, or this process may not.</exception>
    public static GrantAllocator Open() => new(Device.Open("/dev/xen/gntalloc"));

    /// <summary>Makes zeroed pages that a domain may map.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="pages">How many.</param>
    /// <param name="isWritable">Whether it may write to them.</param>
    /// <exception cref="XenException">There are no more.</exception>
    public GrantedPages Allocate(ushort domain, int pages, bool isWritable)
    {
        string tried = $"grant {pages} pages to domain {domain}";
        byte[] request = new byte[Math.Max(NominalSize, HeaderSize + pages * sizeof(uint))];
        BinaryPrimitives.WriteUInt16LittleEndian(request, domain);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(sizeof(ushort)), isWritable ? Writable : (ushort)0);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(CountAt), pages);
        _device.Control(AllocateRequest, request, tried);
        ulong index = BinaryPrimitives.ReadUInt64LittleEndian(request.AsSpan(IndexAt));
        uint[] references = MemoryMarshal.Cast<byte, uint>(request.AsSpan(HeaderSize, pages * sizeof(uint))).ToArray();
        try
        {
            var memory = new MappedPages(_device.Map((long)index, (long)pages * Privcmd.PageSize, tried), () => Free(index, pages));
            return new GrantedPages(memory, references);
        }
        catch
        {
            Free(index, pages);
            throw;
        }
    }

    /// <summary>Closes the device. Granted pages stay until they are disposed of.</summary>
    public void Dispose() => _device.Dispose();

    private void Free(ulong index, int pages)
    {
        if (_device.Handle.IsClosed)
            return;
        Span<byte> request = stackalloc byte[16];
        request.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(request, index);
        BinaryPrimitives.WriteInt32LittleEndian(request[sizeof(ulong)..], pages);
        _device.Control(FreeRequest, request, "take granted pages back");
    }
}
