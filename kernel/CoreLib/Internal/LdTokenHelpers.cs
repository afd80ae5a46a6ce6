using System;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>Looked for by the compiler; array literals use field tokens, and it replaces them.</summary>
internal static class LdTokenHelpers
{
    private static RuntimeTypeHandle GetRuntimeTypeHandle(nint type) => default;

    private static RuntimeMethodHandle GetRuntimeMethodHandle(nint method) => default;

    private static RuntimeFieldHandle GetRuntimeFieldHandle(nint field) => default;
}
