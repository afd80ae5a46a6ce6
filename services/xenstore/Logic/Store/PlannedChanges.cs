using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Changes that are to be done together.</summary>
public sealed class PlannedChanges
{
    internal List<PlannedChange> List { get; } = [];

    /// <summary>Adds one.</summary>
    public void Add(in Change change) => List.Add(new PlannedChange(change));
}
