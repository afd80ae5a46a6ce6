namespace System.Collections;

/// <summary>The compiler asks for it; <c>foreach</c> in the core goes over spans, arrays and types of its own.</summary>
public interface IEnumerable
{
    /// <summary>Starts to walk.</summary>
    IEnumerator GetEnumerator();
}

/// <inheritdoc cref="IEnumerable"/>
public interface IEnumerator
{
    /// <summary>The element reached.</summary>
    object? Current { get; }

    /// <summary>Goes to the next element, if there is one.</summary>
    bool MoveNext();
}
