using System.Threading.Tasks;
using Mk.Fuzz;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>A guest that throws random and nearly right calls at the core, beside one that must not notice.</summary>
public sealed class FuzzTests : SystemTest
{
    // 200,000 calls in all. The seeds are fixed: a failure must come again when somebody looks at it.
    [TestCase(64, 1)]
    [TestCase(32, 2)]
    public async Task TheCoreLivesAndTheNeighbourIsWell(int bits, int seed)
    {
        MachineOptions host = Host(400, 2, []) with { MemoryMiB = 768 };
        await using Session session = FuzzRun.Start(host, bits, seed, 100_000, Logs.New());
        await FuzzRun.FollowAsync(session, TestContext.Out.WriteLine);
    }
}
