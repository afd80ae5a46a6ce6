using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>
/// In place of the memory service: builds a guest as that one does, lets it run for a moment, and then wants to look at it. Domain 2 is
/// another guest, which the core has built.
/// </summary>
internal sealed class HostileMemory(ServiceHost host)
{
    private const ushort Self = 1, Neighbour = 2;
    private const ulong Page = TinyGuest.Entry >> 12, PoolBytes = 2 << 20;
    private const ulong MostKilobytes = 4096, ConsoleParameter = 17;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    // struct e820entry: 2 MiB of memory.
    private static readonly byte[] MapEntry = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 1, 0, 0, 0];

    private readonly Attempts _attempts = new(host.Log);
    private readonly RawCalls _calls = new(host.Privcmd);

    internal async Task RunAsync()
    {
        AttackNeighbour();
        ushort guest = Build();
        _attempts.Holds("a guest that never ran can be written", Array.TrueForAll(Writes(guest), static w => w.Call() == 0));
        _attempts.Holds("a guest starts", _calls.Control(4, guest) == 0);
        await Task.Delay(Moment);
        AttackSealed(guest, "running");
        _attempts.Holds("a guest is paused", _calls.Control(3, guest) == 0);
        AttackSealed(guest, "paused");
        _attempts.Holds("a guest is destroyed", _calls.Control(2, guest) == 0);
        foreach ((string what, Func<long> call) in Writes(guest))
            _attempts.Refused($"{what} of the dead guest", ErrorNumber.NoSuchDomain, call);
        _attempts.Report("memory");
        await Task.Delay(Timeout.InfiniteTimeSpan, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    // What the core has built is sealed from its beginning, and not this service's to end.
    private void AttackNeighbour()
    {
        AttackSealed(Neighbour, "the core's");
        _attempts.Refused("destroydomain of the core's guest", ErrorNumber.Invalid, () => _calls.Control(2, Neighbour));
        _attempts.Refused("destroydomain of itself", ErrorNumber.Invalid, () => _calls.Control(2, Self));
        ushort taken = Neighbour, beyond = 100;
        _attempts.Refused("createdomain in a living domain's place", ErrorNumber.Exists, () => _calls.Control(1, ref taken, RawCalls.Creation()));
        _attempts.Refused("createdomain as a service that the manifest has not", ErrorNumber.Invalid, () => _calls.Control(1, ref beyond, RawCalls.Creation()));
        _attempts.Refused("remote_shutdown without control", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Scheduler, 4, Neighbour | 3UL << 32));
        _attempts.Refused("readconsole without log", ErrorNumber.NotPermitted, () => _calls.System(1));
    }

    private ushort Build()
    {
        ushort guest = 0;
        bool isMade = _calls.Control(1, ref guest, RawCalls.Creation()) == 0 && _calls.Control(11, guest, MostKilobytes) == 0
            && _calls.Control(86, guest, PoolBytes) == 0 && _calls.Control(15, guest, 1) == 0
            && _calls.CallWithList(Hypercall.Memory, 6, Page, 1, 0, guest) == 1;
        _attempts.Holds("a guest is made", isMade);
        return guest;
    }

    private void AttackSealed(ushort guest, string state)
    {
        foreach ((string what, Func<long> call) in Writes(guest))
            _attempts.Refused($"{what} ({state})", ErrorNumber.Access, call);
        _attempts.Refused($"hypercall_init ({state})", ErrorNumber.Access, () => _calls.Control(22, guest, Page));
        _attempts.Ends($"populate_physmap over a page ({state})", 0, () => _calls.CallWithList(Hypercall.Memory, 6, Page, 1, 0, guest));
        _attempts.Ends($"decrease_reservation ({state})", 0, () => _calls.CallWithList(Hypercall.Memory, 1, Page, 1, 0, guest));
        _attempts.Refused($"add_to_physmap_batch of its page ({state})", ErrorNumber.NotPermitted, () => _calls.MapForeign(guest, Page));
        _attempts.Refused($"add_to_physmap for it ({state})", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Memory, 7, guest | 2UL << 32, Page, Page + 1));
        _attempts.Refused($"acquire_resource of its grant table ({state})", ErrorNumber.NotPermitted, () => _calls.Call(Hypercall.Memory, 28, guest | 1UL << 16, 0, 0, 0));
        for (uint reference = 0; reference < 2; reference++)
        {
            uint wanted = reference;
            _attempts.Ends($"map its grant {reference} ({state})", -1, () => _calls.Map(guest, wanted));
            _attempts.Ends($"copy from its grant {reference} ({state})", -1, () => _calls.CopyFrom(guest, wanted));
        }

        // There is no call that reads a domain's memory or registers, sealed or not.
        foreach (uint command in (ReadOnlySpan<uint>)[6, 10, 13, 33, 39, 48, 61, 1000])
            _attempts.Refused($"domctl {command} ({state})", ErrorNumber.NotImplemented, () => _calls.Control(command, guest));
    }

    // What building takes: right for a domain that never ran.
    private (string What, Func<long> Call)[] Writes(ushort guest) =>
    [
        ("copy_to", () => CopyTo(guest)),
        ("copy_object", () => _calls.Call(Hypercall.Service, 5, (ulong)guest << 32, 0, 16, (Page << 12) + 0x400)),
        ("set_entry", () => _calls.Call(Hypercall.Service, 7, Entry(guest))),
        ("seed_grant", () => _calls.Call(Hypercall.Service, 8, guest | 7UL << 32, Neighbour, Page)),
        ("max_vcpus", () => _calls.Control(15, guest, 1)),
        ("set_memory_map", () => _calls.CallWithAddressLast(Hypercall.Memory, 13, MapEntry, guest, 1)),
        ("set_param", () => _calls.Call(Hypercall.Hvm, 0, guest | ConsoleParameter << 32, Page)),
        ("alloc_unbound", () => _calls.Call(Hypercall.EventChannel, 6, guest | (ulong)Neighbour << 16)),
    ];

    private long CopyTo(ushort guest) =>
        _calls.CallWithAddressLast(Hypercall.Service, 6, TinyGuest.Code, guest | (ulong)TinyGuest.Code.Length << 32, TinyGuest.Entry);

    // struct vcpu_hvm_context of 32-bit mode, after the domain: flat segments, no paging.
    private static ulong[] Entry(ushort guest)
    {
        byte[] bytes = new byte[sizeof(ulong) + ServiceCalls.EntryContextSize];
        Span<byte> context = bytes.AsSpan(sizeof(ulong));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, guest);
        BinaryPrimitives.WriteUInt32LittleEndian(context[40..], (uint)TinyGuest.Entry);
        BinaryPrimitives.WriteUInt32LittleEndian(context[44..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(context[48..], 0x11);
        foreach (int limit in (ReadOnlySpan<int>)[92, 96, 100, 104])
            BinaryPrimitives.WriteUInt32LittleEndian(context[limit..], uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(context[108..], 0x67);
        BinaryPrimitives.WriteUInt16LittleEndian(context[112..], 0xC9B);
        foreach (int rights in (ReadOnlySpan<int>)[114, 116, 118])
            BinaryPrimitives.WriteUInt16LittleEndian(context[rights..], 0xC93);
        BinaryPrimitives.WriteUInt16LittleEndian(context[120..], 0x8B);
        return MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
    }
}
