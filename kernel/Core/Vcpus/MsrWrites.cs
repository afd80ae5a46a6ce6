namespace Microkernel.Core.Vcpus;

/// <summary>What writing an MSR without state does.</summary>
public enum MsrWrites : byte
{
    /// <summary>#GP.</summary>
    Refused,

    /// <summary>Nothing.</summary>
    Ignored,

    /// <summary>Nothing if it is the value that it reads as; else #GP.</summary>
    SameOnly,
}
