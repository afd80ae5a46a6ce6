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
              weight 512
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
        Assert.That((web.MemoryFrames, web.VcpuCount, web.Weight), Is.EqualTo((131072L, 2, 512)));
        Assert.That((web.OnPoweroff, web.OnReboot, web.OnCrash), Is.EqualTo((EndAction.Destroy, EndAction.Destroy, EndAction.Preserve)));
        Assert.That(web.GrantV2, Is.True);
        DomainConfig db = manifest.Domains[1];
        Assert.That((db.MemoryFrames, db.VcpuCount, db.Weight, db.RamdiskModule, db.OnReboot), Is.EqualTo((262144L, 1, 256, -1, EndAction.Restart)));
    }

    [Test]
    public void ReadsWhatServicesGet()
    {
        Manifest manifest = Read("""
            slots 5
            slot_vcpus 9
            domain memory
              kernel vmlinuz
              memory 96M
              privilege build  info
              privilege events
              ring store 64K
            service store
              kernel vmlinuz
              memory 96M
              kept 8M
              device 1af4:1110 2
              device 8086:10D3 0
            """);
        Assert.That(manifest.ErrorCount, Is.Zero);
        Assert.That((manifest.Slots, manifest.SlotVcpus), Is.EqualTo((5, 9)));
        DomainConfig memory = manifest.Domains[0];
        DomainConfig store = manifest.Domains[1];
        Assert.That((memory.IsService, store.IsService, memory.KeepsId, memory.HasRing, store.HasRing), Is.EqualTo((false, true, true, true, true)));
        Assert.That(memory.Privileges, Is.EqualTo(Privilege.Build | Privilege.Info | Privilege.Events));
        Assert.That(store.Privileges, Is.EqualTo(Privilege.None));
        Assert.That((memory.Kept.Count, store.Kept.Count), Is.EqualTo((0, 2048)));
        Assert.That(store.Devices.Select(static d => (d.Id, d.Bar)), Is.EqualTo(new[] { (0x1110_1AF4u, 2), (0x10D3_8086u, 0) }));
        RingConfig ring = manifest.Rings.Single();
        Assert.That((ring.First, ring.Second, ring.Memory.Count), Is.EqualTo(((ushort)1, (ushort)2, 16)));
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
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nweight 0", 4, "from 1 to 65535")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nweight 65536", 4, "from 1 to 65535")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\non_crash explode", 4, "destroy, restart or preserve")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nprivilege console", 4, "privileges are")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nprivilege", 4, "name a privilege")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring", 4, "power of two")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring b 4K", 4, "power of two")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring b 24K", 4, "power of two")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring b 2M", 4, "power of two")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring b 64K", 4, "no domain or service")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring a 64K", 4, "two different")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nring b 64K\ndomain b\nkernel vmlinuz\nmemory 64M\nring a 8K", 8, "have a ring already")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nkept 1K", 4, "kept memory")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nkept 4K\nkept 4K", 5, "kept memory")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nkept 1025M", 4, "kept memory")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndevice 1af4 2", 4, "VENDOR:DEVICE")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndevice 1af4:1110 6", 4, "VENDOR:DEVICE")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndevice 1af4:11100 2", 4, "VENDOR:DEVICE")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\ndevice x:1110 2", 4, "VENDOR:DEVICE")]
    [TestCase("slots many\ndomain a\nkernel vmlinuz\nmemory 64M\n", 1, "numbers from 0")]
    [TestCase("slot_vcpus 1025\ndomain a\nkernel vmlinuz\nmemory 64M\n", 1, "numbers from 0")]
    [TestCase("domain a\nkernel vmlinuz\nmemory 64M\nslots 3", 4, "unknown word")]
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
