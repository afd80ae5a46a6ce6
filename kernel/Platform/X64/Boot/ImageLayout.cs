using System.Runtime;
using System.Runtime.CompilerServices;

namespace Microkernel.Platform.X64;

/// <summary>Where the link script put the parts of the image; the table is in ImageLayout.S.</summary>
internal readonly unsafe struct ImageLayout
{
    /// <summary>Physical address of the image's first byte.</summary>
    public readonly ulong PhysicalStart;

    /// <summary>Physical address after the image's last byte, zeroed data included.</summary>
    public readonly ulong PhysicalEnd;

    /// <summary>Where code starts.</summary>
    public readonly ulong Text;

    /// <summary>Where code ends; its last page ends at <see cref="Data"/>.</summary>
    public readonly ulong TextEnd;

    /// <summary>Where data with a value starts.</summary>
    public readonly ulong Data;

    /// <summary>Where read-only data starts.</summary>
    public readonly ulong ReadOnlyData;

    /// <summary>Where zeroed data starts.</summary>
    public readonly ulong ZeroedData;

    /// <summary>The end of the image.</summary>
    public readonly ulong End;

    /// <summary>Where the stack starts that is used until the CPU has one of its own.</summary>
    public readonly ulong BootStackEnd;

    /// <summary>Start of the compiler's pointers to module headers.</summary>
    public readonly nint* ModulesStart;

    /// <summary>Their end.</summary>
    public readonly nint* ModulesEnd;

    /// <summary>Zeroed memory for the first objects.</summary>
    public readonly byte* EarlyHeap;

    /// <summary>Its end.</summary>
    public readonly byte* EarlyHeapEnd;

    // Sound: the table is in the image, read-only, and of this layout.
    internal static ref readonly ImageLayout Current => ref *Get();

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "image_layout")]
    private static extern ImageLayout* Get();
}
