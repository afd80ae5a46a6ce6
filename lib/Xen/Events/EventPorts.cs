using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Xen.Native;
using Microsoft.Win32.SafeHandles;

namespace Microkernel.Xen;

/// <summary>
/// Event channels, by an open /dev/xen/evtchn of their own. A port that has rung stays masked until <see cref="Unmask"/>; a ring that
/// comes meanwhile is kept. Any thread may use it; one at a time may wait.
/// </summary>
public sealed class EventPorts : IDisposable
{
    private static readonly uint BindVirqRequest = Device.Request<uint>('E', 0);
    private static readonly uint BindInterdomainRequest = Device.Request<ulong>('E', 1);
    private static readonly uint BindUnboundRequest = Device.Request<uint>('E', 2);
    private static readonly uint UnbindRequest = Device.Request<uint>('E', 3);
    private static readonly uint NotifyRequest = Device.Request<uint>('E', 4);

    private readonly Device _device;
    private readonly SafeFileHandle _interrupt;

    private EventPorts(Device device, SafeFileHandle interrupt)
    {
        _device = device;
        _interrupt = interrupt;
    }

    /// <summary>Opens the device.</summary>
    /// <exception cref="XenException">It is not there, or this process may not.</exception>
    public static EventPorts Open()
    {
        int interrupt = LibC.EventDescriptor(0, LibC.EventNonBlocking | LibC.CloseOnExec);
        if (interrupt < 0)
            throw new XenException("make an eventfd", Marshal.GetLastPInvokeError());
        var handle = new SafeFileHandle(interrupt, ownsHandle: true);
        try
        {
            return new EventPorts(Device.Open("/dev/xen/evtchn", LibC.ReadWrite | LibC.NonBlocking), handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Makes a port that a domain can connect to.</summary>
    public uint BindUnbound(ushort remoteDomain)
    {
        uint argument = remoteDomain;
        return (uint)_device.Control(BindUnboundRequest, ref argument, $"make an event channel for domain {remoteDomain}");
    }

    /// <summary>Connects to a domain's unbound port. The new port rings once, in case the other side did so already.</summary>
    public uint BindInterdomain(ushort remoteDomain, uint remotePort)
    {
        ulong argument = remoteDomain | ((ulong)remotePort << 32);
        return (uint)_device.Control(BindInterdomainRequest, ref argument, $"connect to event channel {remotePort} of domain {remoteDomain}");
    }

    /// <summary>Takes a virtual interrupt of the hypervisor.</summary>
    /// <param name="interrupt">One of <see cref="VirtualInterrupt"/>.</param>
    public uint BindVirtualInterrupt(uint interrupt) =>
        (uint)_device.Control(BindVirqRequest, ref interrupt, $"bind virtual interrupt {interrupt}");

    /// <summary>Gives a port of this object up.</summary>
    public void Unbind(uint port) => _device.Control(UnbindRequest, ref port, $"unbind event channel {port}");

    /// <summary>Rings the other side of a port. What was written before is seen by whom it wakes.</summary>
    public void Notify(uint port) => _device.Control(NotifyRequest, ref port, $"ring event channel {port}");

    /// <summary>Lets a port ring again that <see cref="Wait"/> has named; at once if it rang meanwhile.</summary>
    public void Unmask(uint port)
    {
        if (LibC.Write(_device.Handle, ref MemoryMarshal.AsBytes(new Span<uint>(ref port))[0], sizeof(uint)) < 0)
            throw new XenException($"unmask event channel {port}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Waits until ports ring, <see cref="Interrupt"/>, or the end of a time; it may end without a reason.</summary>
    /// <param name="ports">Receives the ports that rang; more of them come with the next call.</param>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>How many there are.</returns>
    public int Wait(Span<uint> ports, TimeSpan timeout)
    {
        Span<LibC.PollEntry> entries =
        [
            new() { Descriptor = (int)_device.Handle.DangerousGetHandle(), Wanted = LibC.PollIn },
            new() { Descriptor = (int)_interrupt.DangerousGetHandle(), Wanted = LibC.PollIn },
        ];
        if (LibC.Poll(ref entries[0], (nuint)entries.Length, Milliseconds(timeout)) <= 0)
            return 0;
        if (entries[1].Seen != 0)
            ClearInterrupt();
        return TryRead(ports);
    }

    /// <summary>Ends the wait that is going on, or else the next one.</summary>
    public void Interrupt()
    {
        ulong one = 1;
        _ = LibC.Write(_interrupt, ref MemoryMarshal.AsBytes(new Span<ulong>(ref one))[0], sizeof(ulong));
    }

    /// <summary>Gives all ports up. Nobody waits any more.</summary>
    public void Dispose()
    {
        _device.Dispose();
        _interrupt.Dispose();
    }

    private int TryRead(Span<uint> ports)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(ports);
        nint count = LibC.Read(_device.Handle, ref bytes[0], (nuint)bytes.Length);
        if (count >= 0)
            return (int)count / sizeof(uint);
        int error = Marshal.GetLastPInvokeError();
        return error is ErrorNumber.Again or ErrorNumber.Interrupted ? 0 : throw new XenException("read event channels", error);
    }

    private void ClearInterrupt()
    {
        ulong count = 0;
        _ = LibC.Read(_interrupt, ref MemoryMarshal.AsBytes(new Span<ulong>(ref count))[0], sizeof(ulong));
    }

    private static int Milliseconds(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(int.MaxValue, Math.Ceiling(timeout.TotalMilliseconds));
}
