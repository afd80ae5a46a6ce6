using System;

namespace Microkernel.XenStore;

/// <summary>What CONTROL asks of the surroundings. This one refuses.</summary>
public class ControlHost
{
    /// <summary>Lets the log go to another file.</summary>
    public virtual bool SetLogFile(string path) => false;

    /// <summary>Writes a line to the log.</summary>
    public virtual void Print(string text)
    {
    }

    /// <summary>Writes a report to a file, or to the log if the name is empty.</summary>
    public virtual bool Report(string path, string text) => false;

    /// <summary>A step of a live update.</summary>
    /// <param name="arguments">The step's arguments.</param>
    /// <returns>What the client is told.</returns>
    public virtual string LiveUpdate(ReadOnlySpan<string> arguments) => "there is no live update here";
}
