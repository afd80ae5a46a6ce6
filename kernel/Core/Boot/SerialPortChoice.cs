namespace Microkernel.Core.Boot;

/// <summary>A serial port, or none.</summary>
public enum SerialPortChoice
{
    /// <summary>No port.</summary>
    None,

    /// <summary>The first one, at I/O port 3F8h.</summary>
    Com1,

    /// <summary>The second one, at I/O port 2F8h.</summary>
    Com2,
}
