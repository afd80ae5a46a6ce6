using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Smp;

/// <summary>
/// The code that application processors start with, in a page below 1 MiB that belongs to the core for ever: a processor
/// may wake up late. They start one after the other: each claims the offer that is open, and with it a stack.
/// </summary>
internal sealed unsafe class Trampoline
{
    private const uint OfferNone = 0;
    private const uint OfferOpen = 1;
    private const ulong EferToSet = 0x901; // SCE, LME, NXE
    private const uint EferMsr = 0xc000_0080;

    private readonly PhysicalMemory _memory;
    private readonly ulong _mfn;

    /// <summary>Puts the code into frame <paramref name="mfn"/>, below 1 MiB.</summary>
    public Trampoline(PhysicalMemory memory, ulong mfn)
    {
        _memory = memory;
        _mfn = mfn;
        using var view = new FrameView(memory, mfn);
        int size = MailboxOffset() + sizeof(TrampolineMailbox);
        // Sound: the code and its mailbox lie in the image's constants, one after the other.
        new ReadOnlySpan<byte>(Code(), size).CopyTo(view.Bytes);
        ref TrampolineMailbox mailbox = ref Mailbox(view);
        mailbox.FarOffset += (uint)(mfn << PhysicalMemory.FrameShift);
        mailbox.GdtBase += (uint)(mfn << PhysicalMemory.FrameShift);
        mailbox.Root = Cpu.ReadCr3();
        mailbox.Cr0 = (uint)Cpu.ReadCr0();
        mailbox.Cr4 = (uint)Cpu.ReadCr4();
        mailbox.Efer = (uint)(Cpu.ReadMsr(EferMsr) & EferToSet);
    }

    /// <summary>What a start-up message names the page by.</summary>
    public byte Page => (byte)_mfn;

    /// <summary>Lets the next processor that starts become CPU <paramref name="cpu"/>.</summary>
    public void Offer(int cpu, ulong stackTop)
    {
        using var view = new FrameView(_memory, _mfn);
        ref TrampolineMailbox mailbox = ref Mailbox(view);
        mailbox.Cpu = (uint)cpu;
        mailbox.Stack = stackTop;
        Volatile.Write(ref mailbox.Offer, OfferOpen);
    }

    /// <summary>Takes the offer back; false when a processor has claimed it.</summary>
    public bool TryWithdraw()
    {
        using var view = new FrameView(_memory, _mfn);
        return Interlocked.CompareExchange(ref Mailbox(view).Offer, OfferNone, OfferOpen) == OfferOpen;
    }

    private static ref TrampolineMailbox Mailbox(FrameView view) =>
        ref MemoryMarshal.AsRef<TrampolineMailbox>(view.Bytes.Slice(MailboxOffset()));

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "trampoline_code")]
    private static extern byte* Code();

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "trampoline_mailbox_offset")]
    private static extern int MailboxOffset();
}
