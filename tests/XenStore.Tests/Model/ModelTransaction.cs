using System.Collections.Generic;
using Microkernel.XenStore.Tests.Support;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>A transaction in the model: a copy of everything, and what was done in it.</summary>
internal sealed class ModelTransaction(uint id, ModelTree tree)
{
    internal uint Id { get; } = id;

    internal ModelTree Tree { get; } = tree;

    internal List<(ModelOperation Operation, Answer Answer)> Log { get; } = [];

    /// <summary>Paths that others changed meanwhile.</summary>
    internal HashSet<string> ChangedByOthers { get; } = [];
}
