using System;

namespace Mk.Images;

/// <summary>How a file of <see cref="ImageStore"/> is made.</summary>
/// <param name="Write">Makes it at the path given.</param>
/// <param name="Recipe">Text that changes whenever the result would.</param>
internal sealed record ImageMaker(Action<string> Write, Func<string> Recipe)
{
    /// <summary>A file that is made once.</summary>
    public ImageMaker(Action<string> write)
        : this(write, static () => "")
    {
    }
}
