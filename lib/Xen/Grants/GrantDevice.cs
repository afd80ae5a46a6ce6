using System;
using System.Buffers.Binary;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>Pages that other domains have granted to this one, by /dev/xen/gntdev. Any thread may use it.</summary>
public sealed class GrantDevice : IDisposable
{
    private const int HeaderSize = 16, ReferenceSize = 8;
    private const int IndexAt = 8;

    private static readonly uint UnmapRequest = Device.Request('G', 1, 16);

    // The size in the request's number is that of the structure with one reference, however many there are.
    private static readonly uint MapRequest = Device.Request('G', 0, HeaderSize + ReferenceSize);

    private readonly Device _device;

    private GrantDevice(Device device) => _device = device;

    /// <summary>Opens the device.</summary>
    /// <exception cref="XenException">It is not there, or this process may not.</exception>
    public static GrantDevice Open() => new(Device.Open("/dev/xen/gntdev"));

    /// <summary>Maps a domain's grants to read and write, one page after the other.</summary>
    /// <param name="domain">The domain that granted them.</param>
    /// <param name="references">Its grant references.</param>
    /// <exception cref="XenException">It does not grant them to this domain.</exception>
    public MappedPages Map(ushort domain, params ReadOnlySpan<uint> references)
    {
        string tried = $"map {references.Length} granted pages of domain {domain}";
        byte[] request = new byte[HeaderSize + references.Length * ReferenceSize];
        BinaryPrimitives.WriteInt32LittleEndian(request, references.Length);
        for (int i = 0; i < references.Length; i++)
        {
            Span<byte> entry = request.AsSpan(HeaderSize + i * ReferenceSize);
            BinaryPrimitives.WriteUInt32LittleEndian(entry, domain);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[sizeof(uint)..], references[i]);
        }
        _device.Control(MapRequest, request, tried);
        ulong index = BinaryPrimitives.ReadUInt64LittleEndian(request.AsSpan(IndexAt));
        int count = references.Length;
        try
        {
            return new MappedPages(_device.Map((long)index, (long)count * Privcmd.PageSize, tried), () => Forget(index, count));
        }
        catch
        {
            Forget(index, count);
            throw;
        }
    }

    /// <summary>Closes the device. Mapped pages stay until they are disposed of.</summary>
    public void Dispose() => _device.Dispose();

    private void Forget(ulong index, int count)
    {
        if (_device.Handle.IsClosed)
            return;
        Span<byte> request = stackalloc byte[16];
        request.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(request, index);
        BinaryPrimitives.WriteInt32LittleEndian(request[sizeof(ulong)..], count);
        _device.Control(UnmapRequest, request, "forget granted pages");
    }
}
