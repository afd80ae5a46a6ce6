using System;
using System.IO;
using System.Linq;
using Mk.Boot;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class BootSetTests
{
    private static GuestConfig Guest(string name, string kernel = "/k", string? ramdisk = null, string line = "") =>
        new(name, kernel, ramdisk, line, 64, 2);

    [Test]
    public void WritesEveryDirectiveOfAGuest() =>
        Assert.That(BootManifest.Write([new(Guest("a", line: " x=1 y ") with { GrantV2 = true, OnCrash = EndAction.Preserve }, "0-kernel", "1-ramdisk")]),
            Is.EqualTo(
                """
                # Written by mk. docs/manifest.md explains the format.
                domain a
                  kernel 0-kernel
                  ramdisk 1-ramdisk
                  cmdline x=1 y
                  memory 64M
                  vcpus 2
                  on_poweroff destroy
                  on_reboot restart
                  on_crash preserve
                  grant_v2 on

                """));

    [Test]
    public void WhatTheManifestCannotSayIsRefused()
    {
        Assert.That(static () => BootSet.For([Guest("a"), Guest("a")]), Throws.ArgumentException);
        Assert.That(static () => BootSet.For([Guest("a b")]), Throws.ArgumentException);
        Assert.That(static () => BootSet.For([Guest("a", line: "x\nprivilege all")]), Throws.ArgumentException);
    }

    [Test]
    public void AFileThatSeveralGuestsUseIsOneModule()
    {
        BootSet set = BootSet.For([Guest("a", "/x/k", "/x/r"), Guest("b", "/x/k", "/y/r")]);
        Assert.That(set.Modules, Is.EqualTo(new BootModule[] { new("0-kernel", "/x/k"), new("1-ramdisk", "/x/r"), new("2-ramdisk", "/y/r") }));
    }

    [Test]
    public void WhateverTheOperatorsFilesAreCalledQemuSeesPlainNames()
    {
        string odd = Path.Combine(Path.GetTempPath(), "odd, name " + Guid.NewGuid());
        File.WriteAllText(odd, "kernel");
        using var folder = new RunFolder();
        BootSet set = BootSet.For([Guest("a", odd)]);
        folder.Fill(set);
        string initrd = After(QemuCommandLine.ForModules(new MachineOptions(), set), "-initrd");
        Assert.That(initrd, Is.EqualTo("manifest,0-kernel"));
        Assert.That(initrd.Split(',').Select(name => File.Exists(folder.File(name))), Is.All.True);
        Assert.That(File.ReadAllText(folder.File("0-kernel")), Is.EqualTo("kernel"));
        File.Delete(odd);
    }

    [Test]
    public void TheMachineIsAsTheFlagsSay()
    {
        var options = new MachineOptions { Cpu = "EPYC", Cpus = 8, MemoryMiB = 512, Icount = 3, CoreOptions = ["mitigations=off", "x"] };
        var arguments = QemuCommandLine.ForModules(options, BootSet.For([Guest("a")]));
        Assert.That(After(arguments, "-cpu"), Is.EqualTo("EPYC,-x2apic"), "counted: QEMU 10 cannot count its MSRs");
        Assert.That(After(arguments, "-smp"), Is.EqualTo("9"), "QEMU's first CPU runs no guests when there are several");
        Assert.That(After(arguments, "-m"), Is.EqualTo("512M"));
        Assert.That(After(arguments, "-icount"), Is.EqualTo("shift=3,sleep=off"));
        Assert.That(After(arguments, "-append"), Is.EqualTo("guests=com2 mitigations=off x"));
        Assert.That(arguments, Has.None.EqualTo("tcg,thread=multi"), "instruction counting needs one thread");
    }

    [Test]
    public void CommasInQemusOptionsAreDoubled() =>
        Assert.That(QemuCommandLine.ForDisc(new MachineOptions(), "/a,b.iso", "/o,v.fd").Where(static a => a.Contains("file=")),
            Is.EqualTo(new[] { "if=pflash,format=raw,readonly=on,file=/o,,v.fd", "if=ide,media=cdrom,readonly=on,format=raw,file=/a,,b.iso" }));

    private static string After(System.Collections.Generic.IReadOnlyList<string> arguments, string flag) =>
        arguments[arguments.ToList().IndexOf(flag) + 1];
}
