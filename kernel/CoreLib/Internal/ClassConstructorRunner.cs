using System.Threading;

namespace System.Runtime.CompilerServices;

/// <summary>Runs lazy static constructors, each once, also when several CPUs come to it together.</summary>
internal static unsafe class ClassConstructorRunner
{
    private static object? CheckStaticClassConstructionReturnGCStaticBase(
        ref StaticClassConstructionContext context, object? gcStaticBase)
    {
        Check(ref context.Constructor);
        return gcStaticBase;
    }

    private static nint CheckStaticClassConstructionReturnNonGCStaticBase(
        ref StaticClassConstructionContext context, nint nonGcStaticBase)
    {
        Check(ref context.Constructor);
        return nonGcStaticBase;
    }

    private static void CheckStaticClassConstruction(ref StaticClassConstructionContext context) =>
        Check(ref context.Constructor);

    /// <summary>The state is the constructor's address, then the CPU that runs it plus one, then zero.</summary>
    private static void Check(ref long state)
    {
        long running = CurrentCpu() + 1;
        while (true)
        {
            long constructor = Volatile.Read(ref state);
            if (constructor == 0 || constructor == running)
                return;
            if ((constructor & 1) != 0)
                continue;
            if (Interlocked.CompareExchange(ref state, running, constructor) != constructor)
                continue;
            // Sound: what is neither zero nor odd is still the address that the compiler put there.
            ((delegate* unmanaged<void>)constructor)();
            Volatile.Write(ref state, 0);
            return;
        }
    }

    /// <summary>An even number that tells the CPUs apart.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_identity")]
    private static extern long CurrentCpu();
}

/// <summary>The state of a lazy static constructor; the compiler knows the layout.</summary>
internal struct StaticClassConstructionContext
{
    internal long Constructor;
}
