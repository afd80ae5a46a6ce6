namespace System;

/// <summary>A method without result.</summary>
public delegate void Action();

/// <summary>A method of one argument without result.</summary>
public delegate void Action<in T>(T argument)
    where T : allows ref struct;

/// <summary>A method of one argument with a result.</summary>
public delegate TResult Func<in T, out TResult>(T argument)
    where T : allows ref struct
    where TResult : allows ref struct;
