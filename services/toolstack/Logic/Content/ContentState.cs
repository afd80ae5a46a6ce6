namespace Microkernel.Services.Toolstack.Content;

/// <summary>What an entry of the index stands for.</summary>
internal enum ContentState : uint
{
    /// <summary>Nothing.</summary>
    Free = 0,

    /// <summary>A file of which a part is there.</summary>
    Partial = 1,

    /// <summary>A file that had its hash when the last byte came.</summary>
    Complete = 2,
}
