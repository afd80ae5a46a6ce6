using System.Threading.Tasks;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests.Whole;

/// <summary>A load in a Linux guest that checks what it computes and what memory holds.</summary>
internal static class StressLoad
{
    /// <summary>The initial file system that has its program.</summary>
    internal const string Ramdisk = "stress.initramfs";

    private const string Command = "stress-ng --cpu 1 --vm 1 --vm-bytes 32M --verify -t 3600";

    /// <summary>Starts it in the background.</summary>
    internal static Task StartAsync(Shell shell) => shell.RunAsync($"({Command} > /tmp/load 2>&1; echo $? > /tmp/code) & true");

    /// <summary>It still runs, has found nothing wrong, and the guest's kernel has complained of nothing.</summary>
    internal static async Task CheckAsync(Shell shell, string guest)
    {
        Assert.That(await shell.RunAsync("[ ! -e /tmp/code ] && pidof stress-ng > /dev/null && echo well"), Is.EqualTo("well\n"), guest);
        Assert.That(await shell.RunAsync("dmesg"), Does.Not.Match("(?i)soft lockup|rcu.*stall|BUG:|\\bOops"), guest);
    }
}
