using System;
using System.Runtime.CompilerServices;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Virtual, interface, generic, static abstract and delegate calls, and casts.</summary>
internal static class DispatchChecks
{
    private interface IShape
    {
        int Area(int scale);

        int Corners();
    }

    private interface INamed<T>
    {
        T Name(T seed);
    }

    private interface IDefaulted
    {
        int Defaulted(int x) => x + 55;

        int Required();
    }

    private interface ICounted
    {
        static abstract int Count { get; }
    }

    private class Square : IShape, INamed<int>
    {
        public virtual int Area(int scale) => scale * scale;

        int IShape.Corners() => 4;

        public int Name(int seed) => seed * 3;
    }

    private sealed class BigSquare : Square, INamed<long>
    {
        public override int Area(int scale) => 100 * scale * scale;

        public long Name(long seed) => seed * 4;
    }

    private class Triangle : IShape
    {
        public int Area(int scale) => scale / 2;

        public int Corners() => 3;
    }

    // Implements the interface again, in part.
    private class OddTriangle : Triangle, IDisposable, IShape
    {
        public void Dispose()
        {
        }

        int IShape.Corners() => 33;
    }

    private sealed class NamedTriangle : OddTriangle, INamed<int>
    {
        public int Name(int seed) => seed + 7;
    }

    private class Line : INamed<int>, IShape
    {
        public int Name(int seed) => -seed;

        public int Area(int scale) => 0;

        public int Corners() => 2;
    }

    private struct Dot(int value) : IShape, IEquatable<Dot>
    {
        private readonly int _value = value;

        public readonly int Area(int scale) => _value + scale;

        public readonly int Corners() => _value;

        public readonly bool Equals(Dot other) => _value == other._value;
    }

    private sealed class DefaultKept : IDefaulted
    {
        public int Required() => 1;
    }

    private class DefaultReplaced : IDefaulted
    {
        public int Required() => 2;

        public int Defaulted(int x) => x;
    }

    private sealed class DefaultInherited : DefaultReplaced
    {
    }

    private struct Seven : ICounted
    {
        public static int Count => 7;
    }

    private sealed class Nine : ICounted
    {
        public static int Count => 9;
    }

    internal static void Run(Report report)
    {
        IShape[] shapes = [new Square(), new BigSquare(), new Triangle(), new OddTriangle(), new NamedTriangle(), new Line(), new Dot(5)];
        foreach (IShape shape in shapes)
        {
            report.Line("area"u8, Area(shape));
            report.Line("corners"u8, shape.Corners());
            report.Line("is square"u8, shape is Square ? 1 : 0);
            report.Line("is named"u8, shape is INamed<int> named ? named.Name(5) : -1);
            report.Line("is disposable"u8, shape is IDisposable ? 1 : 0);
            report.Line("is a dot like 5"u8, shape is Dot dot && Same(dot, new Dot(5)) ? 1 : 0);
        }

        report.Line("explicit generic"u8, ((INamed<long>)shapes[1]).Name(6));
        foreach (IDefaulted defaulted in new IDefaulted[] { new DefaultKept(), new DefaultReplaced(), new DefaultInherited() })
        {
            report.Line("default"u8, defaulted.Defaulted(3) * 10 + defaulted.Required());
        }

        report.Line("static abstract"u8, Count<Seven>() * 100 + Count<Nine>());
        RunDelegates(report);
    }

    private static void RunDelegates(Report report)
    {
        int captured = (int)Count<Seven>();
        Func<int, int> closure = x => x * captured;
        Func<int, int> method = Twice;
        Func<int, int> bound = new BigSquare().Area;
        report.Line("delegates"u8, closure(3) + method(100) * 10 + bound(2));
        object[] objects = new IShape[] { new Line() };
        report.Line("covariance"u8, objects is IShape[]? 1 : 0);
        report.Line("boxed"u8, Boxed(77) is int number ? number : 0);
        report.Line("unboxed wrongly"u8, Boxed(77) is long ? 1 : 0);
    }

    private static int Twice(int x) => 2 * x;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object Boxed(int value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Area(IShape shape) => shape.Area(10);

    private static bool Same<T>(T left, T right)
        where T : IEquatable<T> => left.Equals(right);

    private static long Count<T>()
        where T : ICounted => T.Count;
}
