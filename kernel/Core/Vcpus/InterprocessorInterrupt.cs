using Microkernel.Core.Domains;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Interrupts from one vCPU to others through the interrupt command register (Intel SDM vol. 3, 11.6). Nobody is locked: receivers are
/// told by atomic operations.
/// </summary>
public static class InterprocessorInterrupt
{
    private const uint ReservedBits = ~0x000C_DFFFu;
    private const uint IsLogical = 1u << 11;
    private const uint IsAsserted = 1u << 14;
    private const uint IsLevel = 1u << 15;
    private const uint Fixed = 0;
    private const uint LowestPriority = 1;
    private const uint Nmi = 4;
    private const uint Init = 5;
    private const uint Start = 6;
    private const uint XApicBroadcast = 0xFF;
    private const uint ClusterModel = 0;

    /// <summary>The logical id that follows from an id in x2APIC mode: cluster in the high half, one bit of the low half.</summary>
    public static uint LogicalId(uint id) => (id >> 4 << 16) | (1u << (int)(id & 15));

    /// <summary>Sends to the sender itself (the self-IPI register).</summary>
    public static void SendToSelf(LocalApic sender, byte vector) => SendFixed(sender, sender, vector);

    /// <summary>The guest wrote ICR; false in x2APIC mode for reserved bits: #GP.</summary>
    public static bool TrySend(LocalApic sender, uint destination, uint command)
    {
        bool isX2 = sender.Mode == ApicMode.X2Apic;
        if (isX2 && (command & ReservedBits) != 0)
            return false;

        sender.SetRegister(ApicRegister.InterruptCommand, command & ~ReservedBits);
        sender.SetRegister(ApicRegister.InterruptCommandHigh, isX2 ? destination : destination << 24);
        switch ((command >> 18) & 3)
        {
            case 0:
                SendTo(sender, destination, command, !isX2 && destination == XApicBroadcast);
                break;
            case 1:
                Deliver(sender, sender, command);
                break;
            case 2:
                SendToAll(sender, command, null);
                break;
            default:
                SendToAll(sender, command, sender);
                break;
        }

        return true;
    }

    private static void SendTo(LocalApic sender, uint destination, uint command, bool isBroadcast)
    {
        Domain domain = sender.Vcpu.Domain;
        bool isLogical = (command & IsLogical) != 0;
        if (isBroadcast || destination == uint.MaxValue)
        {
            SendToAll(sender, command, null);
        }
        else if (!isLogical)
        {
            // Ids are twice the numbers.
            if ((destination & 1) == 0 && destination / 2 < (uint)domain.Vcpus.Length)
                Deliver(sender, domain.Vcpus[(int)destination / 2].Apic, command);
        }
        else
        {
            SendToGroup(sender, destination, command);
        }
    }

    private static void SendToAll(LocalApic sender, uint command, LocalApic? except)
    {
        foreach (Vcpu vcpu in sender.Vcpu.Domain.Vcpus)
        {
            if (vcpu.Apic != except)
                Deliver(sender, vcpu.Apic, command);
        }
    }

    // Of those that arbitrate for the lowest priority, the first wins.
    private static void SendToGroup(LocalApic sender, uint destination, uint command)
    {
        bool toOne = ModeOf(command) == LowestPriority;
        foreach (Vcpu vcpu in sender.Vcpu.Domain.Vcpus)
        {
            if (IsMember(vcpu.Apic, destination) && (!toOne || vcpu.Apic.IsEnabled))
            {
                Deliver(sender, vcpu.Apic, command);
                if (toOne)
                    return;
            }
        }
    }

    private static bool IsMember(LocalApic apic, uint destination)
    {
        if (apic.Mode == ApicMode.X2Apic)
        {
            uint id = LogicalId(apic.Id);
            return id >> 16 == destination >> 16 && (id & destination & 0xFFFF) != 0;
        }

        uint logical = apic.Register(ApicRegister.LogicalDestination) >> 24;
        if (apic.Register(ApicRegister.DestinationFormat) >> 28 == ClusterModel)
            return logical >> 4 == destination >> 4 && (logical & destination & 15) != 0;

        return destination <= XApicBroadcast && (logical & destination) != 0;
    }

    private static uint ModeOf(uint command) => (command >> 8) & 7;

    private static void Deliver(LocalApic sender, LocalApic target, uint command)
    {
        if (target.Mode == ApicMode.Disabled)
            return;

        switch (ModeOf(command))
        {
            case Fixed:
            case LowestPriority:
                SendFixed(sender, target, (byte)command);
                break;
            case Nmi:
                target.Vcpu.Post(PendingWork.Nmi);
                break;
            case Init:
                // INIT level de-assert is a relic that does nothing.
                if ((command & (IsLevel | IsAsserted)) != IsLevel)
                    target.Startup.SendInit();

                break;
            case Start:
                target.Startup.SendStart((byte)command);
                break;
        }
    }

    private static void SendFixed(LocalApic sender, LocalApic target, byte vector)
    {
        if (vector < LocalApic.FirstLegalVector)
            sender.Report(LocalApic.SendIllegalVector);
        else if (target.IsEnabled)
            target.Post(vector);
    }
}
