namespace System;

/// <summary>Two values.</summary>
public struct ValueTuple<T1, T2>(T1 item1, T2 item2)
{
    /// <summary>The first value.</summary>
    public T1 Item1 = item1;

    /// <summary>The second value.</summary>
    public T2 Item2 = item2;
}

/// <summary>Three values.</summary>
public struct ValueTuple<T1, T2, T3>(T1 item1, T2 item2, T3 item3)
{
    /// <summary>The first value.</summary>
    public T1 Item1 = item1;

    /// <summary>The second value.</summary>
    public T2 Item2 = item2;

    /// <summary>The third value.</summary>
    public T3 Item3 = item3;
}

/// <summary>Four values.</summary>
public struct ValueTuple<T1, T2, T3, T4>(T1 item1, T2 item2, T3 item3, T4 item4)
{
    /// <summary>The first value.</summary>
    public T1 Item1 = item1;

    /// <summary>The second value.</summary>
    public T2 Item2 = item2;

    /// <summary>The third value.</summary>
    public T3 Item3 = item3;

    /// <summary>The fourth value.</summary>
    public T4 Item4 = item4;
}
