using System.Runtime.InteropServices;

namespace Microkernel.XenStore.Native;

/// <summary>struct itimerspec, of whole seconds.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimerInterval
{
    internal long Seconds;
    internal long Nanoseconds;
    internal long FirstSeconds;
    internal long FirstNanoseconds;
}
