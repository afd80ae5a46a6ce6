using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Boot;

/// <summary>The boot manifest, read: the domains to start, or what is wrong with it. docs/manifest.md describes the text.</summary>
public sealed class Manifest
{
    /// <summary>Most mistakes that are reported.</summary>
    public const int MostErrors = 16;

    private readonly ManifestError[] _errors = new ManifestError[MostErrors];

    /// <summary>The domains, in the order of the text.</summary>
    public DomainConfig[] Domains { get; internal set; } = [];

    /// <summary>Mistakes found; the manifest is good if there are none.</summary>
    public int ErrorCount { get; private set; }

    /// <summary>The mistakes.</summary>
    public ReadOnlySpan<ManifestError> Errors => _errors.AsSpan(0, Math.Min(ErrorCount, MostErrors));

    internal void AddError(int line, string message)
    {
        if (ErrorCount < MostErrors)
            _errors[ErrorCount] = new ManifestError { Line = line, Message = message };

        ErrorCount++;
    }
}
