using System.Threading;

namespace System.Runtime.CompilerServices;

/// <summary>Runs lazy static constructors, each once, also when several CPUs come to it together.</summary>
internal static unsafe class ClassConstructorRunner
{
    private const nint Running = 1;

    private static object? CheckStaticClassConstructionReturnGCStaticBase(
        ref StaticClassConstructionContext context, object? gcStaticBase)
    {
        Check(ref context);
        return gcStaticBase;
    }

    private static nint CheckStaticClassConstructionReturnNonGCStaticBase(
        ref StaticClassConstructionContext context, nint nonGcStaticBase)
    {
        Check(ref context);
        return nonGcStaticBase;
    }

    private static void CheckStaticClassConstruction(ref StaticClassConstructionContext context) => Check(ref context);

    private static void Check(ref StaticClassConstructionContext context)
    {
        ref long state = ref Unsafe.As<nint, long>(ref context.cctorMethodAddress);
        long constructor = Volatile.Read(ref state);
        if (constructor == 0)
            return;
        if (constructor == Running || Interlocked.CompareExchange(ref state, Running, constructor) != constructor)
        {
            while (Volatile.Read(ref state) == Running)
            {
            }

            return;
        }

        ((delegate*<void>)constructor)();
        Volatile.Write(ref state, 0);
    }
}

/// <summary>The state of a lazy static constructor: its address, and zero once it has run.</summary>
internal struct StaticClassConstructionContext
{
    internal nint cctorMethodAddress;
}
