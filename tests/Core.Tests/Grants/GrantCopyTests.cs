using System;
using Microkernel.Core.Abi;
using NUnit.Framework;
using static Microkernel.Core.Tests.Grants.GrantFixture;

namespace Microkernel.Core.Tests.Grants;

[TestFixture(64)]
[TestFixture(32)]
public sealed class GrantCopyTests(int bits)
{
    private const uint FromGrant = GrantAbi.CopySourceRef;
    private const uint ToGrant = GrantAbi.CopyTargetRef;

    private GrantFixture _f = null!;

    private ushort Granter => _f.Id(0);

    [SetUp]
    public void SetUp()
    {
        _f = new GrantFixture(bits, domains: 3);
        _f.Grant(0, 9, _f.Id(1), 100);
        _f.Grant(0, 10, _f.Id(1), 100, GrantAbi.PermitAccess | GrantAbi.ReadOnly);
        for (int i = 0; i < 4096; i++)
        {
            _f.Host.Page(1, 50)[i] = (byte)(i * 7);
        }
    }

    [TearDown]
    public void NothingStaysClaimed()
    {
        Assert.That(_f.Flags(0, 9), Is.EqualTo(GrantAbi.PermitAccess));
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.Zero);
        Assert.That(_f.Domain(1).Memory.Pins, Is.Zero);
    }

    [Test]
    public void BytesArriveWhereTheyShould()
    {
        Assert.That(_f.Copy(1, (DomainIds.Self, 50, 16), (Granter, 9, 32), ToGrant, 100), Is.EqualTo(GrantAbi.Okay));
        Span<byte> target = _f.Host.Page(0, 100);
        Assert.That(target.Slice(32, 100).SequenceEqual(_f.Host.Page(1, 50).Slice(16, 100)), Is.True);
        Assert.That((target[31], target[132]), Is.EqualTo(((byte)0, (byte)0)));
        Assert.That(_f.Copy(1, (Granter, 10, 32), (DomainIds.Self, 51, 0), FromGrant, 100), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Host.Page(1, 51)[..100].SequenceEqual(target.Slice(32, 100)), Is.True);
        Assert.That(_f.Copy(1, (DomainIds.Self, 50, 0), (Granter, 9, 0), ToGrant, 4096), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Copy(1, (DomainIds.Self, 50, 0), (Granter, 9, 0), ToGrant, 0), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Copy(1, (DomainIds.Self, 50, 0), (DomainIds.Self, 52, 0), 0, 64), Is.EqualTo(GrantAbi.Okay), "within a domain");
    }

    [Test]
    public void ThirdPartyCopiesBetweenTwoGranters()
    {
        _f.Grant(2, 5, _f.Id(1), 200);
        _f.Host.Page(2, 200)[8] = 0x99;
        Assert.That(_f.Copy(1, (_f.Id(2), 5, 8), (Granter, 9, 0), FromGrant | ToGrant), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Host.Page(0, 100)[0], Is.EqualTo(0x99));
        Assert.That(_f.Flags(2, 5), Is.EqualTo(GrantAbi.PermitAccess));
    }

    [Test]
    public void WhatIsNotAllowedIsNotCopied()
    {
        ((ushort, ulong, uint) Source, (ushort, ulong, uint) Target, uint Flags, uint Length, short Status)[] cases =
        [
            ((DomainIds.Self, 50, 4000), (Granter, 9, 0), ToGrant, 97, GrantAbi.BadCopyArgument),
            ((DomainIds.Self, 50, 0), (Granter, 9, 4000), ToGrant, 97, GrantAbi.BadCopyArgument),
            ((DomainIds.Self, 50, 0xFFFF), (Granter, 9, 0), ToGrant, 1, GrantAbi.BadCopyArgument),
            ((DomainIds.Self, Hole, 0), (Granter, 9, 0), ToGrant, 8, GrantAbi.BadPage),
            ((DomainIds.Self, uint.MaxValue, 0), (Granter, 9, 0), ToGrant, 8, GrantAbi.BadPage),
            ((DomainIds.Self, TableGfn, 0), (Granter, 9, 0), ToGrant, 8, GrantAbi.BadPage),
            ((DomainIds.Self, 50, 0), (Granter, 10, 0), ToGrant, 8, GrantAbi.GeneralError),
            ((DomainIds.Self, 50, 0), (Granter, 11, 0), ToGrant, 8, GrantAbi.GeneralError),
            ((DomainIds.Self, 50, 0), (Granter, 1_000_000, 0), ToGrant, 8, GrantAbi.BadReference),
            ((DomainIds.Self, 50, 0), (99, 9, 0), ToGrant, 8, GrantAbi.BadDomain),
            ((Granter, 50, 0), (Granter, 9, 0), ToGrant, 8, GrantAbi.PermissionDenied),
            ((DomainIds.Self, 50, 0), (Granter, 100, 0), 0, 8, GrantAbi.PermissionDenied),
        ];
        foreach (((ushort, ulong, uint) source, (ushort, ulong, uint) target, uint flags, uint length, short status) in cases)
        {
            Assert.That(_f.Copy(1, source, target, flags, length), Is.EqualTo(status), $"{source} to {target}");
        }

        Assert.That(_f.Host.Page(0, 100).ContainsAnyExcept((byte)0), Is.False);
        Assert.That(_f.Copy(2, (Granter, 9, 0), (DomainIds.Self, 50, 0), FromGrant), Is.EqualTo(GrantAbi.GeneralError), "granted to another");
        Assert.That(_f.Call(1, GrantAbi.Copy, Hole << 12), Is.EqualTo(XenError.EFAULT));
    }
}
