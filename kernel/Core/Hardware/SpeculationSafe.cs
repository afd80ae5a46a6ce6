namespace Microkernel.Core.Hardware;

/// <summary>Indices that a guest chose, made harmless for code that runs ahead of its bounds check.</summary>
public static class SpeculationSafe
{
    /// <summary>
    /// <paramref name="index"/>, or 0 if it is not below <paramref name="limit"/>, computed without a branch. The caller
    /// has checked it already: this holds while the CPU guesses that the check passed.
    /// </summary>
    public static int Index(uint index, int limit) => (int)(index & (uint)(((long)index - limit) >> 63));
}
