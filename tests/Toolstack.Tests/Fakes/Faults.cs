using System;
using System.Collections.Generic;
using System.Threading;
using Grpc.Core;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>
/// Makes things fail. Every call of a fake passes two steps: before it has its effect, and after, when only its answer can be lost.
/// </summary>
internal sealed class Faults
{
    private readonly Lock _lock = new();
    private Func<int, string, Exception?>? _plan;

    /// <summary>The names of all steps since the plan was made.</summary>
    internal List<string> Steps { get; } = [];

    /// <summary>Makes a plan: from the number and name of a step to what it fails with.</summary>
    internal void Plan(Func<int, string, Exception?>? plan)
    {
        lock (_lock)
        {
            Steps.Clear();
            _plan = plan;
        }
    }

    /// <summary>A failure of a call.</summary>
    internal static RpcException Failure(StatusCode status) => new(new Status(status, "made by the test"));

    /// <summary>A call with its two steps.</summary>
    internal T Run<T>(string name, Func<T> effect)
    {
        Step(name);
        T result = effect();
        Step(name + ", answered");
        return result;
    }

    private void Step(string name)
    {
        Exception? failure;
        lock (_lock)
        {
            Steps.Add(name);
            failure = _plan?.Invoke(Steps.Count - 1, name);
        }

        if (failure is not null)
            throw failure;
    }
}
