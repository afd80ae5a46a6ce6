namespace Microkernel.Platform.Apic;

/// <summary>The interrupt vectors the core uses; the higher, the more urgent.</summary>
internal static class Vector
{
    /// <summary>Input on the serial port of the guests.</summary>
    public const byte Input = 0x30;

    /// <summary>This CPU's one-shot timer.</summary>
    public const byte Timer = 0xe0;

    /// <summary>Another CPU wants this one to look at its work.</summary>
    public const byte Kick = 0xf0;

    /// <summary>The local APIC found an error.</summary>
    public const byte Error = 0xfe;

    /// <summary>An interrupt that went away before it was taken; the low four bits must be ones.</summary>
    public const byte Spurious = 0xff;
}
