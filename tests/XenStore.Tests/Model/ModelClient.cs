using System.Collections.Generic;
using Microkernel.XenStore.Tests.Support;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>A client and what the model knows of it.</summary>
internal sealed class ModelClient(TestClient real, ModelCaller caller)
{
    internal TestClient Real { get; } = real;

    internal ModelCaller Caller { get; } = caller;

    internal List<ModelTransaction> Transactions { get; } = [];

    /// <summary>Watched paths with their depths (negative for none); the token is the path and the depth.</summary>
    internal HashSet<(string Path, int Depth)> Watches { get; } = [];
}
