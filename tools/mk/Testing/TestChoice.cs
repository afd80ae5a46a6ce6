namespace Mk.Testing;

/// <summary>Which tests are wanted.</summary>
/// <param name="Filter">A part of the full names of those wanted; null for all.</param>
/// <param name="IsBare">Only those of the core and of mk.</param>
public sealed record TestChoice(string? Filter = null, bool IsBare = false)
{
    /// <summary>The category of the system tests that start services.</summary>
    public const string ServicesCategory = "Services";

    /// <summary>The same for <c>dotnet test --filter</c>; empty for all.</summary>
    public string Expression => (Filter, IsBare) switch
    {
        (null, false) => "",
        (null, true) => $"TestCategory!={ServicesCategory}",
        (_, false) => $"FullyQualifiedName~{Filter}",
        _ => $"FullyQualifiedName~{Filter}&TestCategory!={ServicesCategory}",
    };
}
