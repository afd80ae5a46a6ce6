using System;

namespace Microkernel.Core.Boot;

/// <summary>One option of the core's command line.</summary>
internal sealed class CoreOption(string name, string meaning, CoreOption.Setter setter)
{
    /// <summary>Takes a value into the options; false when it makes no sense.</summary>
    public delegate bool Setter(CoreOptions options, ReadOnlySpan<byte> value);

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>The values it takes and what for.</summary>
    public string Meaning { get; } = meaning;

    /// <summary>Takes a value; false when it makes no sense.</summary>
    public bool TrySet(CoreOptions options, ReadOnlySpan<byte> value) => setter(options, value);

    /// <summary>Compares the name.</summary>
    public bool IsNamed(ReadOnlySpan<byte> text)
    {
        bool same = text.Length == Name.Length;
        for (int i = 0; same && i < text.Length; i++)
            same = text[i] == Name[i];

        return same;
    }
}
