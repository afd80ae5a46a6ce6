using Mk.Boot;
using Mk.Iso;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class GrubConfigTests
{
    private static readonly BootSet Set = BootSet.For([new GuestConfig("a", "/k", "/r", "", 64, 1)]);

    [Test]
    public void ModulesKeepTheNamesOfTheManifest() =>
        Assert.That(GrubConfig.Write(Set, "guests=com1 mitigations=off"), Does.EndWith(
            """
            menuentry "Microkernel" {
                multiboot /boot/core.elf guests=com1 mitigations=off
                module /boot/manifest manifest
                module /boot/0-kernel 0-kernel
                module /boot/1-ramdisk 1-ramdisk
            }

            """));

    [TestCase("a;b")]
    [TestCase("a'b")]
    [TestCase("$x")]
    [TestCase("a\nb")]
    public void OptionsThatGrubsShellWouldInterpretAreRefused(string options) =>
        Assert.That(() => GrubConfig.Write(Set, options), Throws.TypeOf<MkException>());
}
