using System.Threading.Tasks;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>Debian's kernels boot unmodified to a usable shell, find themselves on Xen, and power off.</summary>
public sealed class LinuxBootTests : SystemTest
{
    // Every kernel, every number of vCPUs and every size of memory at least twice, not each with each.
    [TestCase("debian-6.1-cloud", 1, 128)]
    [TestCase("debian-6.1-cloud", 2, 512)]
    [TestCase("debian-6.1-cloud", 8, 2048)]
    [TestCase("debian-6.1-generic", 1, 512)]
    [TestCase("debian-6.1-generic", 2, 256)]
    [TestCase("debian-6.1-generic", 8, 1024)]
    [TestCase("debian-6.12-cloud", 1, 2048)]
    [TestCase("debian-6.12-cloud", 2, 128)]
    [TestCase("debian-6.12-cloud", 8, 512)]
    [TestCase("debian-6.12-generic", 1, 384)]
    [TestCase("debian-6.12-generic", 2, 2048)]
    [TestCase("debian-6.12-generic", 8, 256)]
    public async Task BootsToAUsableShell(string kernel, int vcpus, int memoryMiB)
    {
        await using Session session = Boot(150, 2, Linux(kernel, vcpus, memoryMiB));
        Shell shell = await Shell.OpenAsync(session);
        Assert.That(await shell.RunAsync("nproc"), Is.EqualTo($"{vcpus}\n"));
        string release = await shell.RunAsync("uname -r");
        Assert.That(release, Does.StartWith(kernel.Split('-')[1] + "."));
        Assert.That(release.Contains("cloud"), Is.EqualTo(kernel.EndsWith("cloud")));
        Assert.That(await shell.RunAsync("cat /sys/hypervisor/type"), Is.EqualTo("xen\n"));
        await shell.TypeLineAsync("poweroff");
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
    }
}
