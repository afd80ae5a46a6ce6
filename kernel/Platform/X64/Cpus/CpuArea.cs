using Microkernel.Platform.Paging;
using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Cpus;

/// <summary>
/// Addresses of what belongs to one CPU. Pages: 1 to 8 the stack, 10 and 11 the stack for NMIs, 13 and 14 for double
/// faults, 16 and 17 for machine checks, 19 the <see cref="CpuBlock"/>, 32 to 47 windows; all others stay unmapped, so
/// that a stack that overflows faults.
/// </summary>
internal static unsafe class CpuArea
{
    private const ulong Size = 64 * HostSpace.PageSize;
    private const int Stack = 1;
    private const int StackEnd = 9;
    private const int NmiStack = 10;
    private const int DoubleFaultStack = 13;
    private const int MachineCheckStack = 16;
    private const int SmallStackPages = 2;
    private const int Block = 19;
    private const int Windows = 32;

    /// <summary>Maps and fills the area of a CPU. Start-up only.</summary>
    internal static CpuBlock* Create(int index)
    {
        MapPages(index, Stack, StackEnd - Stack);
        MapPages(index, NmiStack, SmallStackPages);
        MapPages(index, DoubleFaultStack, SmallStackPages);
        MapPages(index, MachineCheckStack, SmallStackPages);
        MapPages(index, Block, 1);

        // Sound: the page has just been mapped and holds a block easily; nothing else uses it.
        CpuBlock* block = (CpuBlock*)Page(index, Block);
        block->Self = block;
        block->Index = index;
        block->NextWindow = (byte*)Page(index, Windows);
        block->NextEntry = block->FirstEntry = HostSpace.PrepareEntry(Page(index, Windows));
        block->LastEntry = block->FirstEntry + FrameWindows.Depth;
        block->TaskState = new TaskState(
            Page(index, NmiStack + SmallStackPages),
            Page(index, DoubleFaultStack + SmallStackPages),
            Page(index, MachineCheckStack + SmallStackPages));
        block->Descriptors = new GlobalDescriptors((ulong)&block->TaskState, TaskState.Size);
        return block;
    }

    /// <summary>Makes the CPU that executes this use its area's descriptors and the core's interrupt table.</summary>
    internal static void Load(int index)
    {
        CpuBlock* block = (CpuBlock*)Page(index, Block);
        DescriptorPointer descriptors = new(&block->Descriptors, sizeof(GlobalDescriptors));
        DescriptorPointer interrupts = InterruptTable.Pointer;
        Cpu.LoadDescriptors(&descriptors, &interrupts, block);
    }

    /// <summary>Where the stack of a CPU starts, going down.</summary>
    internal static ulong StackTop(int index) => Page(index, StackEnd);

    /// <summary>The end of the stack that holds an address; 0 if it is on none, guard pages above all.</summary>
    internal static ulong EndOfStack(ulong address)
    {
        ulong offset = address - HostSpace.CpuAreas;
        int index = (int)(offset / Size);
        int page = (int)(offset % Size / HostSpace.PageSize);
        return page switch
        {
            _ when !IsInside(address) => 0,
            >= Stack and < StackEnd => Page(index, StackEnd),
            NmiStack or NmiStack + 1 => Page(index, NmiStack + SmallStackPages),
            DoubleFaultStack or DoubleFaultStack + 1 => Page(index, DoubleFaultStack + SmallStackPages),
            MachineCheckStack or MachineCheckStack + 1 => Page(index, MachineCheckStack + SmallStackPages),
            _ => 0,
        };
    }

    /// <summary>Whether the address lies in the unmapped page below a stack.</summary>
    internal static bool IsGuardPage(ulong address) =>
        IsInside(address) && EndOfStack(address) == 0 && EndOfStack(address + HostSpace.PageSize) != 0;

    private static bool IsInside(ulong address) => address - HostSpace.CpuAreas < 1UL << 37;

    private static ulong Page(int index, int page) =>
        HostSpace.CpuAreas + (ulong)index * Size + (ulong)page * HostSpace.PageSize;

    private static void MapPages(int index, int first, int count)
    {
        for (int i = 0; i < count; i++)
            HostSpace.MapZeroedPage(Page(index, first + i));
    }
}
