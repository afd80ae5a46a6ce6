namespace Microkernel.Platform.Traps;

/// <summary>Vectors of exceptions that are treated by name (AMD APM vol. 2, 8.2).</summary>
internal static class ExceptionVector
{
    internal const byte Divide = 0;
    internal const byte NonMaskable = 2;
    internal const byte DoubleFault = 8;
    internal const byte GeneralProtection = 13;
    internal const byte PageFault = 14;
    internal const byte MachineCheck = 18;

    /// <summary>Vectors from here on are interrupts.</summary>
    internal const int Count = 32;
}
