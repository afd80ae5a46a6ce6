using Microkernel.Core.Domains;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Boot;

public sealed class GuestLayoutTests
{
    private const ulong MiB = 1 << 20, GiB = 1 << 30;

    [TestCase(64 * MiB, 20 * MiB, 10 * MiB, 64 * MiB, Description = "as high as there is memory")]
    [TestCase(GiB, 20 * MiB, 10 * MiB, GiB)]
    [TestCase(3 * GiB, 20 * MiB, 10 * MiB, GiB, Description = "where Linux's PVH entry can read it")]
    [TestCase(3 * GiB, 20 * MiB, GiB - (20 * MiB), GiB)]
    [TestCase(3 * GiB, 20 * MiB, GiB - (20 * MiB) + 4096, 3 * GiB, Description = "too large for that")]
    [TestCase(3 * GiB, GiB + 4096, 4096UL, 3 * GiB, Description = "the kernel is in the way")]
    public void WhatAKernelIsHandedIsInTheFirstGibibyteIfThereIsRoom(ulong memory, ulong kernelEnd, ulong needed, ulong end) =>
        Assert.That(GuestLayout.HandOverEnd(memory, kernelEnd, needed), Is.EqualTo(end));
}
