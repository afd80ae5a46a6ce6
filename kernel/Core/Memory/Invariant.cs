using System;
using System.Diagnostics.CodeAnalysis;

namespace Microkernel.Core.Memory;

/// <summary>Ends the core when one of its own invariants does not hold; no guest can cause that.</summary>
internal static class Invariant
{
    [DoesNotReturn]
    public static void Broken(string what) => throw new InvalidOperationException(what);
}
