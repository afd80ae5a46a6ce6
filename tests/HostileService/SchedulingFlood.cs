using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>As many transactions as one can send, and services as little as one may give them: guests and services go on.</summary>
internal sealed class SchedulingFlood(Attempts attempts, SchedulingScene scene, RawTransactions raw)
{
    private const uint MostWeight = ushort.MaxValue;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    /// <summary>Runs it, and puts all contexts back.</summary>
    /// <param name="look">Looks whether services answer.</param>
    internal async Task RunAsync(Func<Task> look)
    {
        (ulong start, IReadOnlyList<ulong> before) = scene.Progress();
        Task<(int Taken, int Refused)> flood = Task.Run(Flood);
        await look();
        (int taken, int refused) = await flood;
        (ulong end, IReadOnlyList<ulong> after) = scene.Progress();
        attempts.Holds($"{taken} transactions of a flood are taken, {refused} bad ones in between are not", taken > 0 && refused > taken);

        // The guarantee of 30 % is kept, but for what is under way at the ends; the other has something.
        ulong[] ran = [.. after.Zip(before, static (a, b) => a - b)];
        attempts.Holds($"guests run meanwhile: {string.Join(", ", ran)} ns of {end - start}", ran[0] > (end - start) / 4 && ran.All(static r => r > 0));
        attempts.Holds("services can have the least weight, and guests the greatest", raw.Apply(scene.Generation, Starving(), []) == 0);
        await look();
        attempts.Holds("contexts can be put back", raw.Apply(scene.Generation, scene.RightContexts(), scene.NoTables()) == 0);
    }

    // One in four is right, and changes something; the others are old, promise too much, or leave services nothing.
    private (int Taken, int Refused) Flood()
    {
        ulong[] right = scene.RightContexts();
        ulong[] tooMuch = new BadContexts(scene).All().First(static bad => bad.Error == ErrorNumber.Busy).Contexts;
        ulong[] full = new BadTables(scene).All().First(static bad => bad.Error == ErrorNumber.Busy).Slots;
        ulong generation = scene.Generation;
        int taken = 0, refused = 0;
        for (long start = Environment.TickCount64; Environment.TickCount64 - start < Duration.TotalMilliseconds;)
        {
            // The weight of the last guest.
            right[^2] = 100 + ((ulong)taken % 100);
            if (raw.Apply(generation, right, []) == 0)
            {
                taken++;
                generation++;
            }

            refused += raw.Apply(generation - 1, right, []) == -ErrorNumber.Stale ? 1 : 0;
            refused += raw.Apply(generation, tooMuch, []) == -ErrorNumber.Busy ? 1 : 0;
            refused += raw.Apply(generation, [], full) == -ErrorNumber.Busy ? 1 : 0;
        }

        return (taken, refused);
    }

    private ulong[] Starving() =>
    [
        .. scene.Services.SelectMany(static id => RawTransactions.Context(id, SchedulingRules.Usual with { Weight = 1 })),
        .. scene.Guests.SelectMany(static id => RawTransactions.Context(id, SchedulingRules.Usual with { Weight = MostWeight })),
    ];
}
