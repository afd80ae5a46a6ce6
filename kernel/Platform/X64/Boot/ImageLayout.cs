using System.Runtime;
using System.Runtime.CompilerServices;

namespace Microkernel.Platform.X64;

/// <summary>Where the link script put the parts of the image; the table is in ImageLayout.S.</summary>
internal unsafe struct ImageLayout
{
    /// <summary>Physical address of the image's first byte.</summary>
    public ulong PhysicalStart;

    /// <summary>Physical address after the image's last byte, zeroed data included.</summary>
    public ulong PhysicalEnd;

    /// <summary>Where code starts; it ends at <see cref="ReadOnlyData"/>.</summary>
    public ulong Text;

    /// <summary>Where read-only data starts; it ends at <see cref="Data"/>.</summary>
    public ulong ReadOnlyData;

    /// <summary>Where data starts; it ends at <see cref="End"/>.</summary>
    public ulong Data;

    /// <summary>The end of the image.</summary>
    public ulong End;

    /// <summary>Start of the compiler's pointers to module headers.</summary>
    public nint* ModulesStart;

    /// <summary>Their end.</summary>
    public nint* ModulesEnd;

    /// <summary>Zeroed memory for the first objects.</summary>
    public byte* EarlyHeap;

    /// <summary>Its end.</summary>
    public byte* EarlyHeapEnd;

    // Sound: the table is in the image, read-only, and of this layout.
    internal static ref readonly ImageLayout Current => ref *Get();

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "image_layout")]
    private static extern ImageLayout* Get();
}
