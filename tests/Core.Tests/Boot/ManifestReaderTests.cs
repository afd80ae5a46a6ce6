using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

[TestFixture]
public sealed class ManifestReaderTests
{
    private static readonly BootModule[] Modules =
        [Module("manifest"), Module("vmlinuz"), Module("initrd")];

    [Test]
    public void ReadsEveryDirective()
    {
        Manifest manifest = Read("""
            # two guests
            domain web
              kernel vmlinuz
              ramdisk initrd
              cmdline console=hvc0  quiet
              memory 512M
              vcpus 2
              on_reboot destroy
              on_crash preserve
              grant_v2 on

            domain db
            kernel vmlinuz
            memory 1G
            """);
        Assert.That(manifest.ErrorCount, Is.Zero);
        DomainConfig web = manifest.Domains[0];
        Assert.That(Encoding.ASCII.GetString(web.Name), Is.EqualTo("web"));
        Assert.That((web.KernelModule, web.RamdiskModule), Is.EqualTo((1, 2)));
        Assert.That(Encoding.ASCII.GetString(web.CommandLine), Is.EqualTo("console=hvc0  quiet"));
        Assert.That((web.MemoryFrames, web.VcpuCount), Is.EqualTo((131072L, 2)));
        Assert.That((web.OnPoweroff, web.OnReboot, web.OnCrash), Is.EqualTo((EndAction.Destroy, EndAction.Destroy, EndAction.Preserve)));
        Assert.That(web.GrantV2, Is.True);
        DomainConfig db = manifest.Domains[1];
        Assert.That((db.MemoryFrames, db.VcpuCount, db.RamdiskModule, db.OnReboot), Is.EqualTo((262144L, 1, -1, EndAction.Restart)));
    }

    [TestCase("", 0, "no domain")]
    [TestCase("kernel vmlinuz", 1, "must come first")]
    [TestCase("domain a\nmemory 64M", 1, "no kernel")]
    [TestCase("domain a\nkernel vmlinuz", 1, "no memory")]
    [TestCase("domain a\nkernel nothing\nmemory 64M", 2, "no module of this name")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64", 3, "memory is a number")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 99999999999999999999M", 3, "memory is a number")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 5K", 3, "memory is a number")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nvcpus 0", 4, "from 1 to 128")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nvcpus 129", 4, "from 1 to 128")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\non_crash explode", 4, "destroy, restart or preserve")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nprivilege console", 4, "no privilege")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndisk x", 4, "unknown word")]
    [TestCase("domain a b\nkernel vmlinuz\nmemory 64M", 1, "a name is")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndomain a\nkernel vmlinuz\nmemory 64M", 4, "has this name")]
    public void SaysWhatIsWrongAndWhere(string text, int line, string message)
    {
        Manifest manifest = Read(text);
        Assert.That(manifest.ErrorCount, Is.GreaterThan(0));
        Assert.That(manifest.Errors.ToArray(), Has.Some.Matches<ManifestError>(e => e.Line == line && e.Message.Contains(message)));
    }

    [Test]
    public void ReportsAllMistakes() =>
        Assert.That(Read("domain a\nkernel x\nmemory y\nvcpus z").ErrorCount, Is.EqualTo(5));

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void AnyBytesAreReadOrRefused(byte[] bytes)
    {
        Manifest manifest = ManifestReader.Read(bytes, Modules);
        Assert.That(manifest.ErrorCount, Is.GreaterThan(0));
    }

    /// <summary>Lines of known words with odd values: nearer to the truth than random bytes.</summary>
    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void ShuffledManifestsAreReadOrRefused(byte[] choices)
    {
        string[] lines =
        [
            "domain a", "domain b", "domain", "kernel vmlinuz", "kernel ", "ramdisk initrd", "memory 64M", "memory 3K",
            "memory 999999999G", "vcpus 128", "vcpus -1", "cmdline", "cmdline " + new string('x', 5000), "on_crash restart",
            "grant_v2 maybe", "#", "\t \r", "privilege all", "\0", new string('y', 300),
        ];
        string text = string.Join('\n', choices.Select(choice => lines[choice % lines.Length]));
        Manifest manifest = Read(text);
        if (manifest.ErrorCount == 0)
        {
            Assert.That(manifest.Domains, Has.All.Matches<DomainConfig>(
                domain => domain is { KernelModule: 1, MemoryFrames: > 0, VcpuCount: >= 1, Name.Length: > 0 }));
        }
    }

    private static Manifest Read(string text) => ManifestReader.Read(Encoding.ASCII.GetBytes(text), Modules);

    private static BootModule Module(string name) => new() { Name = Encoding.ASCII.GetBytes(name) };
}
