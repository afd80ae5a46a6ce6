using System;
using System.IO;
using Microkernel.Rings;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Xen;

namespace Microkernel.Services.Toolstack;

/// <summary>
/// The memory that QEMU shares with the operator's host (ivshmem-plain): a ring to the host at its start, and uploaded files in
/// the rest.
/// </summary>
internal sealed class OperatorDevice
{
    private OperatorDevice(MappedPages memory, EventPorts ports)
    {
        Wiring = new OperatorWiring(memory, ports);
        Content = new StoreMemory(memory);
    }

    /// <summary>The ring to the host, of which this is the first side.</summary>
    internal OperatorWiring Wiring { get; }

    /// <summary>Where uploaded files live.</summary>
    internal ContentMemory Content { get; }

    internal static OperatorDevice Open(ServiceHost host)
    {
        if (host.Info.Devices == 0)
            throw new InvalidDataException("the manifest gives the toolstack no device: it needs 'device 1af4:1110 2', and QEMU an ivshmem-plain");
        DeviceInfo device = host.Calls.GetDevice(0);
        if (device.Size <= OperatorLayout.StoreAt)
            throw new InvalidDataException($"the operator's memory has {device.Size} bytes, and its ring alone needs {OperatorLayout.StoreAt}: give QEMU's memory-backend-file more");
        MappedPages memory = DeviceMemory.Map(device.Address, device.Size);
        return new OperatorDevice(memory, EventPorts.Open());
    }

    private sealed class StoreMemory(MappedPages memory) : ContentMemory
    {
        public override Span<byte> Bytes => memory.Bytes[OperatorLayout.StoreAt..];
    }
}
