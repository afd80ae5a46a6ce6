using System;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>Attempts, each with the refusal that it must meet. Each is a line of the log; what went another way is one with FAIL.</summary>
internal sealed class Attempts(ServiceLog log)
{
    private int _refused;
    private int _failed;

    /// <summary>A hypercall that must be refused with an error number.</summary>
    internal void Refused(string what, int error, Func<long> call) => Judge(what, NameOf(-error), NameOf(call()));

    /// <summary>A call that must end in a state or number other than an error number: partial counts, GNTST_*.</summary>
    internal void Ends(string what, long expected, Func<long> call) => Judge(what, $"{expected}", $"{call()}");

    /// <summary>Many hypercalls of a kind that must all be refused, with any error; one line of the log.</summary>
    internal void AllRefused(string what, int count, Func<int, long> call)
    {
        int taken = 0;
        for (int i = 0; i < count; i++)
            taken += call(i) >= 0 ? 1 : 0;
        if (taken != 0)
        {
            Fail(what, $"{taken} of {count} were taken");
            return;
        }

        _refused += count;
        log.Info($"refused: {count} times {what}");
    }

    /// <summary>A call over a ring that must be refused with a status.</summary>
    internal async Task RefusedAsync(string what, StatusCode status, Func<Task> call)
    {
        string result = "OK";
        try
        {
            await call();
        }
        catch (RpcException e)
        {
            result = $"{e.StatusCode}";
        }

        Judge(what, $"{status}", result);
    }

    /// <summary>Something that must hold all the same.</summary>
    internal void Holds(string what, bool does)
    {
        if (!does)
            Fail(what, "it does not hold");
        else
            log.Info($"holds: {what}");
    }

    /// <summary>The line that a test waits for.</summary>
    internal void Report(string part) => log.Info($"{part}: {_refused} attempts refused, {_failed} FAILED");

    private static string NameOf(long result) => result < 0 ? ErrorNumber.NameOf((int)-result) : $"{result}";

    private void Judge(string what, string expected, string result)
    {
        if (result != expected)
        {
            Fail(what, $"{result}, not {expected}");
            return;
        }

        _refused++;
        log.Info($"refused: {what}: {result}");
    }

    private void Fail(string what, string how)
    {
        _failed++;
        log.Error($"FAIL {what}: {how}");
    }
}
