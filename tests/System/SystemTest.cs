using System;
using System.Collections.Generic;
using System.Linq;
using Mk.Boot;
using Mk.Images;
using Mk.Machine;
using NUnit.Framework;

[assembly: Parallelizable(ParallelScope.All)]
[assembly: LevelOfParallelism(2)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Mk.SystemTests;

/// <summary>What all system tests share: how a machine is made, and the logs.</summary>
public abstract class SystemTest
{
    /// <summary>Memory of a host beyond that of its guests, in MiB.</summary>
    private const long HostReserveMiB = 384;

    /// <summary>The logs of this test.</summary>
    protected Logs Logs { get; } = new();

    /// <summary>Shows the serial logs of a failed test.</summary>
    [TearDown]
    public void ShowLogs() => Logs.ShowIfFailed();

    /// <summary>A host for some guests.</summary>
    protected static MachineOptions Host(double limitSeconds, int cpus, IReadOnlyList<GuestConfig> guests) => new()
    {
        Cpus = cpus,
        MemoryMiB = guests.Sum(static g => g.MemoryMiB) + HostReserveMiB,
        TimeLimit = TimeSpan.FromSeconds(limitSeconds),
        // Another QEMU than Debian's can be tested without touching the tests.
        Qemu = Environment.GetEnvironmentVariable("MK_QEMU") ?? new MachineOptions().Qemu,
    };

    /// <summary>Boots guests; the limit is the test's.</summary>
    protected Session Boot(double limitSeconds, int cpus, params IReadOnlyList<GuestConfig> guests) =>
        Session.Start(Host(limitSeconds, cpus, guests), guests, Logs.New());

    /// <summary>Boots guests on a host with further devices.</summary>
    protected Session Boot(double limitSeconds, int cpus, string[] devices, params IReadOnlyList<GuestConfig> guests) =>
        Session.Start(Host(limitSeconds, cpus, guests) with { ExtraArguments = devices }, guests, Logs.New());

    /// <summary>A Linux guest with the busybox file system.</summary>
    protected static GuestConfig Linux(
        string kernel = "debian-6.1-cloud", int vcpus = 2, long memoryMiB = 256, string name = "linux", string ramdisk = "busybox.initramfs",
        string extra = "") =>
        new(name, Image(kernel + ".vmlinuz"), Image(ramdisk), ("console=hvc0 quiet " + extra).Trim(), memoryMiB, vcpus);

    /// <summary>A test guest of tests/guests.</summary>
    protected static GuestConfig TestGuest(string image, string commandLine, string? name = null, int vcpus = 2, long memoryMiB = 64, bool grantV2 = false) =>
        new(name ?? image, TestGuests.PathOf(image + ".elf"), null, commandLine, memoryMiB, vcpus, GrantV2: grantV2);

    private static string Image(string name)
    {
        string path = ImageStore.PathOf(name);
        ImageStore.Ensure(path);
        return path;
    }
}
