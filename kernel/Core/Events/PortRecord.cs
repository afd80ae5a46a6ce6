using System.Runtime.InteropServices;

namespace Microkernel.Core.Events;

/// <summary>What the core knows of a port. 16 bytes, in frames of the domain's pool; guarded by the domain's event lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 16;

    /// <summary>What it is.</summary>
    public PortState State;

    /// <summary>FIFO: the priority of its next event.</summary>
    public byte Priority;

    /// <summary>FIFO: the priority of the queue it was linked into last.</summary>
    public byte LastPriority;

    /// <summary>FIFO: an event came before the guest gave memory for its event word (1) or not (0).</summary>
    public byte IsPendingEarly;

    /// <summary>The vCPU that is told.</summary>
    public ushort Vcpu;

    /// <summary>FIFO: the vCPU whose queue it was linked into last.</summary>
    public ushort LastVcpu;

    /// <summary>Unbound: who may bind. Interdomain: the other end's domain. Ipi: this domain. Core: who it looks like to the guest.</summary>
    public ushort RemoteDomain;

    /// <summary>Interdomain: the other end's port. Ipi: the port itself. Virq: its number.</summary>
    public uint Remote;
}
