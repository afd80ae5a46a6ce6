using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;

namespace Mk.Fuzz;

/// <summary>The fuzzing guest beside a Linux guest that works meanwhile and is looked at afterwards.</summary>
public static class FuzzRun
{
    private const int Fuzzer = 0, Neighbour = 1;

    /// <summary>Where the log goes unless somebody says otherwise.</summary>
    public static string DefaultLog => Repository.InRoot("out/fuzz/fuzz.log");

    /// <summary>Boots both.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="bits">Width of the fuzzing guest: 64 or 32.</param>
    /// <param name="seed">The seed of its random numbers.</param>
    /// <param name="calls">How many calls it makes.</param>
    /// <param name="logFile">The file that receives everything.</param>
    public static Session Start(MachineOptions machine, int bits, long seed, long calls, string logFile)
    {
        string kernel = ImageStore.PathOf("debian-6.1-cloud.vmlinuz"), ramdisk = ImageStore.PathOf("busybox.initramfs");
        ImageStore.Ensure(kernel);
        ImageStore.Ensure(ramdisk);
        IReadOnlyList<GuestConfig> guests =
        [
            new("fuzz", TestGuests.PathOf($"fuzz{bits}.elf"), null, $"domid=1 seed={seed} calls={calls}", 64, 2, GrantV2: seed % 2 == 0),
            new("neighbour", kernel, ramdisk, "console=hvc0 quiet", 192, 1),
        ];
        return Session.Start(machine with { CoreOptions = [.. machine.CoreOptions, "audit=on"] }, guests, logFile);
    }

    /// <summary>Follows a run to its end.</summary>
    /// <exception cref="SessionException">Something went wrong; the message says what.</exception>
    public static async Task FollowAsync(Session session, Action<string> progress)
    {
        Shell shell = await Shell.OpenAsync(session, Neighbour);
        string sums = await shell.RunAsync("md5sum /bin/busybox");
        Task<string> fuzzing = FollowFuzzerAsync(session, progress);
        while (!fuzzing.IsCompleted)
        {
            // The neighbour works all the time, and its memory must stay what it is.
            if (await shell.RunAsync("md5sum /bin/busybox") != sums)
                throw new SessionException("the neighbour's memory has changed");
            if (Regex.Match(session.Core.ToString(), @"domain 1 ""fuzz"" ended: (?!poweroff).*") is { Success: true } end)
                throw new SessionException(end.Value.TrimEnd());
        }
        string verdict = await fuzzing;
        if (!verdict.EndsWith(" 0 failed", StringComparison.Ordinal))
            throw new SessionException(verdict);
        string audit = (await session.ReadAsync(session.Core, @"\(core\) audit: ([^\r\n]*)")).Groups[1].Value;
        progress("audit: " + audit);
        if (!audit.StartsWith("clean", StringComparison.Ordinal))
            throw new SessionException("the core's memory records are wrong: " + audit);
        await shell.TypeLineAsync("poweroff");
        RunResult result = await session.Completion;
        if (result.Code != ExitCode.Success)
            throw new SessionException(result.ToString());
    }

    private static async Task<string> FollowFuzzerAsync(Session session, Action<string> progress)
    {
        while (true)
        {
            string line = (await session.ReadAsync(session.Guest(Fuzzer), @"^(fuzz: .*|guest-test fuzz: .*|FAIL .*)\r?\n")).Groups[1].Value.TrimEnd('\r');
            progress(line);
            if (!line.StartsWith("fuzz: ", StringComparison.Ordinal))
                return line;
        }
    }
}
