namespace Microkernel.Platform.Svm;

/// <summary>The breakpoint addresses; DR6 and DR7 are in the control block.</summary>
internal struct DebugAddresses
{
    public ulong Dr0;
    public ulong Dr1;
    public ulong Dr2;
    public ulong Dr3;
}
