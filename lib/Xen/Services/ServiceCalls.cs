using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Microkernel.Xen;

/// <summary>
/// service_op: what a service asks the core about itself, and what Xen has no call for. Every method throws
/// <see cref="XenException"/> when the core refuses.
/// </summary>
public sealed class ServiceCalls
{
    /// <summary>The most bytes that <see cref="ReadObject"/> and <see cref="CopyTo"/> move at a time.</summary>
    public const int MostBytes = ServiceAbi.MostBytes;

    /// <summary>The size of struct vcpu_hvm_context.</summary>
    public const int EntryContextSize = ServiceAbi.ContextSize;

    private const uint AbiVersion = 1;

    private readonly Privcmd _privcmd;

    /// <summary>Makes calls by a device that stays the caller's.</summary>
    public ServiceCalls(Privcmd privcmd) => _privcmd = privcmd;

    /// <summary>What the manifest has for this domain. ENOSYS says that the hypervisor is another one.</summary>
    public ServiceInfo GetInfo()
    {
        ServiceAbi.Info info = default;
        Call("ask for this domain's entry in the manifest", ServiceAbi.GetInfo, ref info);
        if (info.Version != AbiVersion)
            throw new XenException($"use version {info.Version} of service_op, for this program knows {AbiVersion}", ErrorNumber.NotSupported);
        return new ServiceInfo(
            (ushort)info.Entry, (ServicePrivileges)info.Privileges, (int)info.Rings, (int)info.Objects, (int)info.Devices, (int)info.KeptPages,
            (ushort)info.FirstGuest);
    }

    /// <summary>A ring of this domain.</summary>
    /// <param name="index">0 up to <see cref="ServiceInfo.Rings"/>.</param>
    public RingInfo GetRing(int index)
    {
        ServiceAbi.Ring ring = new() { Index = (uint)index };
        Call($"ask for ring {index} of this domain", ServiceAbi.GetRing, ref ring);
        return new RingInfo(ring.Id, ring.IsSecond != 0, (ushort)ring.Peer, Text(ref ring.PeerName), (long)ring.Pages);
    }

    /// <summary>A device of this domain.</summary>
    /// <param name="index">0 up to <see cref="ServiceInfo.Devices"/>.</param>
    public DeviceInfo GetDevice(int index)
    {
        ServiceAbi.Device device = new() { Index = (uint)index };
        Call($"ask for device {index} of this domain", ServiceAbi.GetDevice, ref device);
        return new DeviceInfo(device.Address, (long)device.Size);
    }

    /// <summary>A boot object. Needs Build.</summary>
    /// <param name="index">0 up to <see cref="ServiceInfo.Objects"/>.</param>
    public BootObject GetObject(int index)
    {
        ServiceAbi.BootObject found = new() { Index = (uint)index };
        Call($"ask for boot object {index}", ServiceAbi.GetObject, ref found);
        return new BootObject(index, Text(ref found.Name), (long)found.Size);
    }

    /// <summary>Reads from a boot object, <see cref="MostBytes"/> at most. Needs Build.</summary>
    /// <returns>How many bytes were read; 0 at the object's end.</returns>
    public int ReadObject(int index, long offset, Span<byte> bytes)
    {
        using HypercallBuffer buffer = _privcmd.Rent(Math.Clamp(bytes.Length, 1, MostBytes));
        ServiceAbi.ObjectRead read = new()
        {
            Index = (uint)index,
            Length = (uint)Math.Min(bytes.Length, MostBytes),
            Offset = (ulong)offset,
            Buffer = buffer.Address,
        };
        int count = (int)Call($"read boot object {index} from {offset}", ServiceAbi.ReadObject, ref read);
        buffer.Bytes[..count].CopyTo(bytes);
        return count;
    }

    /// <summary>Copies from a boot object into a domain that has not started. Needs Build.</summary>
    public void CopyObject(int index, long offset, long length, ushort domain, ulong address)
    {
        ServiceAbi.ObjectCopy copy = new()
        {
            Index = (uint)index,
            Domain = domain,
            Offset = (ulong)offset,
            Length = (ulong)length,
            Address = address,
        };
        Call($"copy {length} bytes of boot object {index} to 0x{address:x} of domain {domain}", ServiceAbi.CopyObject, ref copy);
    }

    /// <summary>Copies into a domain that has not started. Needs Build.</summary>
    public void CopyTo(ushort domain, ulong address, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        using HypercallBuffer buffer = _privcmd.Rent(Math.Min(bytes.Length, MostBytes));
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, MostBytes)];
            part.CopyTo(buffer.Bytes);
            ServiceAbi.Copy copy = new() { Domain = domain, Length = (uint)part.Length, Address = address, Buffer = buffer.Address };
            Call($"copy {part.Length} bytes to 0x{address:x} of domain {domain}", ServiceAbi.CopyTo, ref copy);
            bytes = bytes[part.Length..];
            address += (uint)part.Length;
        }
    }

    /// <summary>Says in which state vCPU 0 of a domain starts that has not started yet. Needs Build.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="context">struct vcpu_hvm_context, of <see cref="EntryContextSize"/> bytes.</param>
    public void SetEntry(ushort domain, ReadOnlySpan<byte> context)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(context.Length, EntryContextSize);
        using HypercallBuffer buffer = _privcmd.Rent();
        ServiceAbi.DomainOnly head = new() { Domain = domain };
        MemoryMarshal.Write(buffer.Bytes, in head);
        context.CopyTo(buffer.Bytes[sizeof(ulong)..]);
        _privcmd.Call($"set the entry of domain {domain}", Hypercall.Service, ServiceAbi.SetEntry, buffer.Address);
    }

    /// <summary>Grants a page of a domain that has not started, in one of its first grant references. Needs Build.</summary>
    public void SeedGrant(ushort domain, int reference, ushort backend, ulong frame)
    {
        ServiceAbi.Grant grant = new() { Domain = domain, Reference = (uint)reference, Backend = backend, Frame = frame };
        Call($"grant page 0x{frame:x} of domain {domain} to domain {backend}", ServiceAbi.SeedGrant, ref grant);
    }

    /// <summary>Gives a service's domain that has not started the core's own console. Needs Build.</summary>
    public void AttachConsole(ushort domain)
    {
        ServiceAbi.DomainOnly argument = new() { Domain = domain };
        Call($"attach the core's console to domain {domain}", ServiceAbi.AttachConsole, ref argument);
    }

    /// <summary>Has the core check its books. Needs Info; EAGAIN if that is not possible now.</summary>
    public AuditResult Audit()
    {
        ServiceAbi.AuditResult result = default;
        Call("audit", ServiceAbi.Audit, ref result);
        return new AuditResult((long)result.Violations, (long)result.FreeFrames);
    }

    /// <summary>Maps a ring's memory.</summary>
    public MappedPages MapRing(RingInfo ring) => _privcmd.MapResource(Privcmd.Self, ServiceAbi.RingResource, ring.Id, ring.Pages);

    /// <summary>Maps this domain's kept memory, which is as its last incarnation left it.</summary>
    /// <param name="info">What <see cref="GetInfo"/> said.</param>
    public MappedPages MapKept(ServiceInfo info) => _privcmd.MapResource(Privcmd.Self, ServiceAbi.KeptResource, 0, info.KeptPages);

    private long Call<T>(string tried, uint operation, ref T argument)
        where T : unmanaged => _privcmd.Call(tried, Hypercall.Service, operation, ref argument);

    private static string Text(ref ServiceAbi.Name name)
    {
        ReadOnlySpan<byte> bytes = name;
        int end = bytes.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
