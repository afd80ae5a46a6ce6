namespace System.Runtime.CompilerServices;

/// <summary>What the C# compiler calls; ilc replaces the bodies that throw.</summary>
public static class RuntimeHelpers
{
    /// <summary>Where a string's text starts.</summary>
    public static int OffsetToStringData => 12;

    /// <summary>Fills an array from constants in the image.</summary>
    [Intrinsic]
    public static void InitializeArray(Array array, RuntimeFieldHandle field) => throw new NotSupportedException();

    /// <summary>A span over constants in the image.</summary>
    [Intrinsic]
    public static ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle field) => throw new NotSupportedException();

    /// <summary>Whether the compiler knows the value where this is inlined.</summary>
    [Intrinsic]
    internal static bool IsKnownConstant<T>(T value)
        where T : struct => false;

    /// <summary>Whether values of the type hold references.</summary>
    [Intrinsic]
    public static bool IsReferenceOrContainsReferences<T>()
        where T : allows ref struct => throw new NotSupportedException();
}
