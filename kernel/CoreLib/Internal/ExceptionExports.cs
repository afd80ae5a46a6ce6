using System;
using System.Runtime;

namespace Internal.Runtime;

/// <summary>Where <c>throw</c> ends.</summary>
internal static class ExceptionExports
{
    [RuntimeExport("RhpThrowEx")]
    private static void Throw(Exception exception) => Environment.Panic(exception.Message, exception);

    [RuntimeExport("RhpFallbackFailFast")]
    private static void FailFast() => Environment.Panic("a buffer on the stack was overrun", null);
}
