namespace System;

/// <summary>The base of what can be thrown. Nothing is caught: a throw ends in a panic that prints type and message.</summary>
public class Exception
{
    /// <summary>Makes one without a message.</summary>
    public Exception()
    {
    }

    /// <summary>Makes one with a message for the panic.</summary>
    public Exception(string? message) => Message = message;

    /// <summary>What went wrong.</summary>
    public string? Message { get; }
}

/// <summary>An operation at the wrong time.</summary>
public class InvalidOperationException(string? message = null) : Exception(message);

/// <summary>An argument that makes no sense.</summary>
public class ArgumentException(string? message = null) : Exception(message);

/// <summary>An argument outside its range.</summary>
public class ArgumentOutOfRangeException(string? message = null) : ArgumentException(message)
{
    /// <summary>Panics if the value is greater than the limit.</summary>
    public static void ThrowIfGreaterThan(int value, int limit)
    {
        if (value > limit)
            ThrowHelper.ArgumentOutOfRange();
    }

    /// <summary>Panics if the value is less than the limit.</summary>
    public static void ThrowIfLessThan(int value, int limit)
    {
        if (value < limit)
            ThrowHelper.ArgumentOutOfRange();
    }

    /// <summary>Panics if the value is less than zero.</summary>
    public static void ThrowIfNegative(int value)
    {
        if (value < 0)
            ThrowHelper.ArgumentOutOfRange();
    }
}

/// <summary>An index outside an array or a span.</summary>
public class IndexOutOfRangeException(string? message = null) : Exception(message);

/// <summary>A cast to a type that the object is not of.</summary>
public class InvalidCastException(string? message = null) : Exception(message);

/// <summary>A store of the wrong type into an array.</summary>
public class ArrayTypeMismatchException(string? message = null) : Exception(message);

/// <summary>A result that does not fit, in a checked computation.</summary>
public class OverflowException(string? message = null) : Exception(message);

/// <summary>A division by zero.</summary>
public class DivideByZeroException(string? message = null) : Exception(message);

/// <summary>A member of nothing.</summary>
public class NullReferenceException(string? message = null) : Exception(message);

/// <summary>What <see cref="Environment.FailFast"/> throws.</summary>
public class ExecutionEngineException(string? message = null) : Exception(message);

/// <summary>Something that this machine or this build cannot do.</summary>
public class NotSupportedException(string? message = null) : Exception(message);

/// <summary>A <c>switch</c> expression without an arm for the value.</summary>
public class SwitchExpressionException(string? message = null) : InvalidOperationException(message);
