using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>
/// The last slices that a CPU gave, newer ones over older ones: it waits for no reader and keeps nothing for any. The CPU's lock guards it.
/// </summary>
public sealed class SliceLog
{
    /// <summary>Slices that are kept; a power of two.</summary>
    public const int Size = 2048;

    private readonly PolicyAbi.Slice[] _slices = new PolicyAbi.Slice[Size];
    private ulong _end;

    /// <summary>A vCPU has run, and its state is what it was put away with. Times are TSC values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(Vcpu vcpu, ulong start, ulong end)
    {
        ref PolicyAbi.Slice slice = ref _slices[(int)(_end++ & (Size - 1))];
        slice.Start = start;
        slice.End = end;
        slice.Waited = vcpu.Account.LastWait;
        slice.Domain = vcpu.Domain.Id;
        slice.Vcpu = (ushort)vcpu.Id;
        slice.Next = (uint)vcpu.State;
    }

    /// <summary>
    /// Copies slices from number <paramref name="first"/> on, or from the oldest one that is still there, as many as there are and fit, and
    /// returns how many that was. <paramref name="first"/> is then where to go on.
    /// </summary>
    public int CopyTo(Span<PolicyAbi.Slice> target, ref ulong first)
    {
        ulong oldest = _end > Size ? _end - Size : 0;
        first = Math.Max(first, oldest);
        int count = first < _end ? (int)Math.Min((ulong)target.Length, _end - first) : 0;
        for (int i = 0; i < count; i++)
            target[i] = _slices[(int)(first++ & (Size - 1))];

        return count;
    }
}
