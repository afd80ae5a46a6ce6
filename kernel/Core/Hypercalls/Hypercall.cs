using System.Runtime.CompilerServices;

namespace Microkernel.Core.Hypercalls;

/// <summary>A hypercall of the ABI table with its operations, found by the value of its first argument.</summary>
public sealed class Hypercall
{
    private readonly SubOperation?[] _byNumber;

    /// <summary>
    /// A hypercall whose first argument, masked with <paramref name="mask"/>, selects the operation.
    /// Only during start-up: it allocates.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // as with SubOperation
    public Hypercall(int number, string name, SubOperation[] operations, uint mask = uint.MaxValue)
        : this(number, operations, mask)
    {
#if !FREESTANDING
        Name = name;
#endif
    }

    /// <summary>A hypercall without operations: <paramref name="only"/> serves it whatever its arguments.</summary>
    public Hypercall(int number, string name, SubOperation only)
        : this(number, name, [only], 0)
    {
    }

    /// <summary>A hypercall whose argument names the operation within a structure: <paramref name="entry"/> reads it and finds the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Hypercall(int number, string name, SubOperation[] operations, HypercallHandler entry)
        : this(number, name, new SubOperation(0, name, entry, "")) => Operations = operations;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Hypercall(int number, SubOperation[] operations, uint mask)
    {
        Number = number;
        Operations = operations;
        Mask = mask;
        uint largest = 0;
        foreach (SubOperation operation in operations)
            largest = operation.Number > largest ? operation.Number : largest;

        _byNumber = new SubOperation?[largest + 1];
        foreach (SubOperation operation in operations)
            _byNumber[operation.Number] = operation;
    }

    /// <summary>Its number: __HYPERVISOR_* of xen/xen.h.</summary>
    public int Number { get; }

#if !FREESTANDING
    /// <summary>Its name in Xen's headers, without prefix.</summary>
    public string Name { get; } = "";
#endif

    /// <summary>The rows.</summary>
    public SubOperation[] Operations { get; }

    /// <summary>The bits of the first argument that select the operation.</summary>
    public uint Mask { get; }

    /// <summary>The operation for a first argument, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SubOperation? Find(ulong firstArgument)
    {
        SubOperation?[] byNumber = _byNumber;
        uint number = (uint)firstArgument & Mask;
        return number < (uint)byNumber.Length ? byNumber[(int)number] : null;
    }
}
