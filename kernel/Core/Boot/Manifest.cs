using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Boot;

/// <summary>The boot manifest, read: the domains to start, or what is wrong with it. docs/manifest.md describes the text.</summary>
public sealed class Manifest
{
    /// <summary>Most mistakes that are reported.</summary>
    public const int MostErrors = 16;

    private const int DefaultSlots = 32;

    private int _slots = -1;
    private readonly ManifestError[] _errors = new ManifestError[MostErrors];

    /// <summary>The domains, in the order of the text.</summary>
    public DomainConfig[] Domains { get; internal set; } = [];

    /// <summary>Domains that can exist beside those of the manifest: what is said, or a default if there are services to make them.</summary>
    public int Slots
    {
        get => _slots >= 0 ? _slots : HasService ? DefaultSlots : 0;
        internal set => _slots = value;
    }

    /// <summary>vCPUs of such domains and of services.</summary>
    public int SlotVcpus { get; internal set; } = 64;

    /// <summary>The rings between entries.</summary>
    public RingConfig[] Rings { get; internal set; } = [];

    /// <summary>Mistakes found; the manifest is good if there are none.</summary>
    public int ErrorCount { get; private set; }

    /// <summary>The mistakes.</summary>
    public ReadOnlySpan<ManifestError> Errors => _errors.AsSpan(0, Math.Min(ErrorCount, MostErrors));

    private bool HasService
    {
        get
        {
            foreach (DomainConfig domain in Domains)
            {
                if (domain.IsService)
                    return true;
            }

            return false;
        }
    }

    internal void AddError(int line, string message)
    {
        if (ErrorCount < MostErrors)
            _errors[ErrorCount] = new ManifestError { Line = line, Message = message };

        ErrorCount++;
    }
}
