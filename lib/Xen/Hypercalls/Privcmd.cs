using System;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>
/// Hypercalls from user space, by /dev/xen/privcmd and /dev/xen/hypercall. Any thread may use it. The kernel's system call is a
/// full barrier for what this thread has written before, and the hypervisor's answer is complete when it returns.
/// </summary>
public sealed class Privcmd : IDisposable
{
    /// <summary>DOMID_SELF: the domain that calls.</summary>
    public const ushort Self = 0x7FF0;

    /// <summary>The size of a page.</summary>
    public const int PageSize = 4096;

    private static readonly uint CallRequest = Device.Request<HypercallRequest>('P', 0);
    private static readonly uint MapResourceRequest = Device.Request<ResourceRequest>('P', 7);

    private readonly ConcurrentBag<HypercallBuffer> _pages = [];
    private readonly Device _calls;
    private readonly Device _buffers;
    private volatile bool _isDisposed;

    private Privcmd(Device calls, Device buffers)
    {
        _calls = calls;
        _buffers = buffers;
    }

    /// <summary>Opens the devices.</summary>
    /// <exception cref="XenException">They are not there, or this process may not.</exception>
    public static Privcmd Open()
    {
        Device calls = Device.Open("/dev/xen/privcmd");
        try
        {
            return new Privcmd(calls, Device.Open("/dev/xen/hypercall"));
        }
        catch
        {
            calls.Dispose();
            throw;
        }
    }

    /// <summary>Gets memory for hypercalls: a page that is used again and again, or more of them made for this time.</summary>
    /// <param name="size">How many bytes are needed.</param>
    public HypercallBuffer Rent(int size = PageSize)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (size > PageSize)
            return NewBuffer(size, static buffer => buffer.Free());
        return _pages.TryTake(out HypercallBuffer? page) ? page : NewBuffer(PageSize, GiveBack);
    }

    /// <summary>Makes a hypercall and leaves it to the caller to judge an error.</summary>
    /// <param name="number">One of <see cref="Hypercall"/>.</param>
    /// <param name="arguments">Up to five arguments; addresses only of <see cref="HypercallBuffer"/> memory.</param>
    /// <returns>The result; an error is negative: minus one of <see cref="ErrorNumber"/>.</returns>
    public long TryCall(uint number, params ReadOnlySpan<ulong> arguments)
    {
        Span<ulong> all = stackalloc ulong[6];
        all.Clear();
        all[0] = number;
        arguments.CopyTo(all[1..]);
        int result = _calls.TryControl(CallRequest, MemoryMarshal.AsBytes(all), out int error);
        return error != 0 ? -error : result;
    }

    /// <summary>Makes a hypercall.</summary>
    /// <param name="tried">What it is to do, as it follows "cannot" in the message of the exception.</param>
    /// <param name="number">One of <see cref="Hypercall"/>.</param>
    /// <param name="arguments">Up to five arguments.</param>
    /// <returns>The result, zero or above.</returns>
    /// <exception cref="XenException">The hypervisor refused it.</exception>
    public long Call(string tried, uint number, params ReadOnlySpan<ulong> arguments)
    {
        long result = TryCall(number, arguments);
        return result >= 0 ? result : throw new XenException(tried, (int)-result);
    }

    /// <summary>Makes a hypercall of the kind that takes a number of a sub-operation and the address of a structure.</summary>
    /// <param name="number">One of <see cref="Hypercall"/>.</param>
    /// <param name="operation">The sub-operation.</param>
    /// <param name="argument">The structure, which goes in and comes back.</param>
    /// <returns>The result; an error is negative.</returns>
    public long TryCall<T>(uint number, uint operation, ref T argument)
        where T : unmanaged
    {
        using HypercallBuffer buffer = Rent(Unsafe.SizeOf<T>());
        MemoryMarshal.Write(buffer.Bytes, in argument);
        long result = TryCall(number, operation, buffer.Address);
        argument = MemoryMarshal.Read<T>(buffer.Bytes);
        return result;
    }

    /// <summary>The same, with an exception for an error.</summary>
    /// <exception cref="XenException">The hypervisor refused it.</exception>
    public long Call<T>(string tried, uint number, uint operation, ref T argument)
        where T : unmanaged
    {
        long result = TryCall(number, operation, ref argument);
        return result >= 0 ? result : throw new XenException(tried, (int)-result);
    }

    /// <summary>Makes a hypercall that takes nothing but the address of a structure, such as domctl and sysctl.</summary>
    /// <returns>The result; an error is negative.</returns>
    public long TryCall<T>(uint number, ref T argument)
        where T : unmanaged
    {
        using HypercallBuffer buffer = Rent(Unsafe.SizeOf<T>());
        MemoryMarshal.Write(buffer.Bytes, in argument);
        long result = TryCall(number, buffer.Address);
        argument = MemoryMarshal.Read<T>(buffer.Bytes);
        return result;
    }

    /// <summary>How many frames a resource has (XENMEM_acquire_resource).</summary>
    /// <exception cref="XenException">There is no such resource for this domain.</exception>
    public long ResourceSize(ushort domain, uint type, uint id)
    {
        ResourceRequest request = new() { Domain = domain, Type = type, Id = id };
        _calls.Control(MapResourceRequest, ref request, $"find out the size of resource {type:x}:{id} of domain {domain}");
        return (long)request.Frames;
    }

    /// <summary>Maps frames of a resource.</summary>
    /// <exception cref="XenException">There is no such resource for this domain, or no room.</exception>
    public MappedPages MapResource(ushort domain, uint type, uint id, long frames)
    {
        string tried = $"map {frames} pages of resource {type:x}:{id} of domain {domain}";
        Mapping memory = _calls.Map(0, frames * PageSize, tried);
        try
        {
            ResourceRequest request = new() { Domain = domain, Type = type, Id = id, Frames = (ulong)frames, Address = memory.Address };
            _calls.Control(MapResourceRequest, ref request, tried);
            return new MappedPages(memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Closes the devices. Mapped resources stay.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        while (_pages.TryTake(out HypercallBuffer? page))
            page.Free();
        _calls.Dispose();
        _buffers.Dispose();
    }

    private void GiveBack(HypercallBuffer page)
    {
        if (_isDisposed)
            page.Free();
        else
            _pages.Add(page);
    }

    private HypercallBuffer NewBuffer(int size, Action<HypercallBuffer> giveBack)
    {
        long whole = (size + PageSize - 1L) & -PageSize;
        return new HypercallBuffer(_buffers.Map(0, whole, $"get {size} bytes for a hypercall"), giveBack);
    }
}
