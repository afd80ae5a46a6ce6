using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>
/// Transactions that the core must refuse, each by itself, and then many at a time. Afterwards all contexts are as before, and no transaction
/// has counted.
/// </summary>
internal sealed class HostileTransactions(Attempts attempts, SchedulingScene scene, RawTransactions raw)
{
    private const int Garbage = 2000, NearlyRight = 1000, MostRecords = 4;
    private const ulong Nowhere = 1UL << 40;

    private static readonly ulong[] s_times =
        [0, 1, 9_999, 10_000, 99_999, 100_000, 1_000_000, 2_000_000, 8_000_000, 8_000_001, 10_000_000, 10_000_000_000, 10_000_000_001, 1UL << 63, ulong.MaxValue];

    private static readonly ulong[] s_weights = [0, 1, 256, 65535, 65536, uint.MaxValue];

    /// <summary>All of it.</summary>
    internal void Run()
    {
        Unchanged("contexts", Contexts);
        Unchanged("tables", Tables);
        Unchanged("the shape of a transaction", Shapes);
        Unchanged("old pictures", OldPictures);
        Unchanged("garbage", SendGarbage);
        SendNearlyRight();
    }

    // A record that is right stands before the bad one: it must not be done either.
    private void Contexts()
    {
        ulong generation = scene.Generation;
        ulong[] right = RawTransactions.Context(scene.Guests[^1], SchedulingRules.Usual with { Weight = 9 });
        foreach ((string what, int error, ulong[] bad) in new BadContexts(scene).All())
        {
            bool namesLast = bad.Where(static (_, i) => i % RawTransactions.ContextWords == 0).Contains(right[0]);
            attempts.Refused(what, error, () => raw.Apply(generation, namesLast ? bad : [.. right, .. bad], []));
        }
    }

    private void Tables()
    {
        ulong generation = scene.Generation;
        foreach ((string what, int error, ulong[] bad) in new BadTables(scene).All())
            attempts.Refused(what, error, () => raw.Apply(generation, [], bad));
    }

    private void Shapes()
    {
        ulong now = scene.Generation;
        attempts.Refused("4294967295 contexts", ErrorNumber.TooBig, () => raw.Apply(now, uint.MaxValue, Nowhere, 0, 0));
        attempts.Refused("4294967295 slots", ErrorNumber.TooBig, () => raw.Apply(now, 0, 0, uint.MaxValue, Nowhere));
        attempts.Refused("as many slots as wrap around", ErrorNumber.TooBig, () => raw.Apply(now, 0, 0, 1 << 27, Nowhere));
        attempts.Refused("a flag that is not there", ErrorNumber.Invalid, () => raw.Apply(now, 0, 0, 0, 0, flags: 1));
        attempts.Refused("contexts that are nowhere", ErrorNumber.Fault, () => raw.Apply(now, 1, Nowhere, 0, 0));
        attempts.Refused("slots that are nowhere", ErrorNumber.Fault, () => raw.Apply(now, 0, 0, 1, Nowhere));
        attempts.Refused("contexts at the end of all addresses", ErrorNumber.Fault, () => raw.Apply(now, 2, ulong.MaxValue - 63, 0, 0));
        attempts.Refused("a transaction that is nowhere", ErrorNumber.Fault, () => raw.At(Nowhere));
        attempts.Refused("a transaction at an address that cannot be", ErrorNumber.Fault, () => raw.At(1UL << 63));
    }

    private void OldPictures()
    {
        ulong now = scene.Generation;
        ulong[] right = scene.RightContexts();
        foreach (ulong generation in new ulong[] { 0, now - 1, now + 1, now + (1UL << 32), ulong.MaxValue })
            attempts.Refused($"generation {generation} instead of {now}", ErrorNumber.Stale, () => raw.Apply(generation, right, []));
    }

    private void SendGarbage()
    {
        ulong generation = scene.Generation;
        var random = new Random(3);
        attempts.AllRefused("random words for contexts", Garbage, i =>
            raw.Apply(generation, Words(random, (1 + (i % MostRecords)) * RawTransactions.ContextWords), []));
        attempts.AllRefused("random words for slots", Garbage, i =>
            raw.Apply(generation, [], Words(random, (1 + (i % MostRecords)) * RawTransactions.SlotWords)));
        attempts.AllRefused("random words for a transaction", Garbage, _ =>
        {
            ulong[] words = Words(random, MostRecords);
            return raw.Apply(words[0], (uint)words[1], words[2], (uint)words[1] >> 16, words[3], (uint)words[2]);
        });
    }

    // Values at the edges, of vCPUs and CPUs that are there: what is taken leaves services their floors and guarantees that can be kept.
    private void SendNearlyRight()
    {
        var random = new Random(4);
        int taken = 0;
        bool isSound = true, counts = true;
        ulong generation = scene.Generation;
        for (int i = 0; i < NearlyRight; i++)
        {
            long result = raw.Apply(generation, Records(random, NearlyRightContext), random.Next(4) == 0 ? Records(random, NearlyRightSlot) : []);
            if (result != 0)
                continue;
            taken++;
            ulong next = scene.Generation;
            counts &= next == generation + 1;
            generation = next;
            isSound &= scene.IsSound();
        }

        attempts.Holds($"of {NearlyRight} that were nearly right {taken} were taken and promise no more than there is", isSound && taken > 0 && taken < NearlyRight);
        attempts.Holds("each that was taken is one generation, and no other is", counts && scene.Generation == generation);
        long restored = raw.Apply(scene.Generation, scene.RightContexts(), scene.NoTables());
        attempts.Holds("after that all can be as it was", restored == 0);
    }

    private static ulong[] Records(Random random, Func<Random, ulong[]> one) =>
        [.. Enumerable.Range(0, random.Next(MostRecords)).SelectMany(_ => one(random))];

    private ulong[] NearlyRightContext(Random random)
    {
        ulong[] affinities = [0, 1UL << (int)scene.FirstCpu, 1UL << (int)scene.LastCpu, scene.GuestCpus, 1UL << 40, ulong.MaxValue];
        IReadOnlyList<VcpuId> vcpus = random.Next(4) == 0 ? scene.Services : scene.Guests;
        return RawTransactions.Context(Pick(random, vcpus), new SchedulingRules(
            random.Next(2) == 0 ? 0 : Pick(random, s_times), Pick(random, s_times), random.Next(2) == 0 ? 0 : Pick(random, s_times),
            (uint)Pick(random, s_weights), (uint)random.Next(5), Pick(random, affinities)));
    }

    private ulong[] NearlyRightSlot(Random random) => RawTransactions.Slot(
        (uint)random.Next((int)scene.CpuCount + 1), Pick(random, scene.Guests), Pick(random, s_times), (uint)random.Next(5));

    private static T Pick<T>(Random random, IReadOnlyList<T> of) => of[random.Next(of.Count)];

    private static ulong[] Words(Random random, int count)
    {
        ulong[] words = new ulong[count];
        random.NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
        return words;
    }

    private void Unchanged(string after, Action attack)
    {
        (string picture, ulong generation) = (scene.Picture(), scene.Generation);
        attack();
        attempts.Holds($"all contexts and the generation are as before: {after}", scene.Picture() == picture && scene.Generation == generation);
    }
}
