namespace Microkernel.Core.Boot;

/// <summary>What is wrong with a line of the boot manifest.</summary>
public struct ManifestError
{
    /// <summary>Line, from 1; 0 for the whole file.</summary>
    public int Line;

    /// <summary>The mistake and what to do, ASCII.</summary>
    public string Message;
}
