using System;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Tests.Abi;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Domains;

/// <summary>Who may use which operation, on whom.</summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class DomainControlRightsTests(int bits) : DomainControlFixture(bits)
{
    [Test]
    public void EveryOperationNeedsOneOfItsPrivileges()
    {
        foreach (SubOperation row in DomainControl.Table)
        {
            Assert.That(Call(row.Number, FirstGuest, domain: Unprivileged), Is.EqualTo(XenError.EPERM), row.Name);
            Judge(row, () => Call(row.Number, 999, domain: Unprivileged));
        }

        GuestStructures guest = new(Host, Unprivileged, Bits);
        foreach (SubOperation row in SystemControl.Table)
        {
            Judge(row, () =>
            {
                guest.Write(Arguments, "struct xen_sysctl", ("cmd", row.Number), ("interface_version", SystemControlAbi.InterfaceVersion));
                return Host.Call(Unprivileged, Sysctl, Bits == 32, Arguments);
            });
        }

        foreach (SubOperation row in ServiceOperations.Table)
            Judge(row, () => Host.Call(Unprivileged, ServiceOperations.Number, Bits == 32, row.Number, Nowhere));
    }

    // With no privilege, and with each alone.
    private void Judge(SubOperation row, Func<long> call)
    {
        foreach (Privilege privilege in Enum.GetValues<Privilege>().Append(Privilege.None))
        {
            Host.Domain(Unprivileged).Config.Privileges = privilege;
            bool allowed = row.Privileges == Privilege.None || (row.Privileges & privilege) != 0;
            Assert.That(call() == XenError.EPERM, Is.EqualTo(!allowed), $"{row.Name} with {privilege}");
        }

        Host.Domain(Unprivileged).Config.Privileges = Privilege.None;
    }

    [Test]
    public void WhoHasControlAloneSteersGuestsAndNoServices()
    {
        Host.Domain(Unprivileged).Config.Privileges = Privilege.Control;
        Domain service = Make(3, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, 3, Unprivileged), Is.EqualTo(XenError.EPERM), "not even starts it");
        Assert.That(service.State, Is.EqualTo(DomainState.Created));
        Assert.That(Call(DomainControlAbi.UnpauseDomain, 3), Is.Zero);
        foreach (int id in new[] { 3, 1 })
        {
            Assert.That(Call(DomainControlAbi.PauseDomain, id, Unprivileged), Is.EqualTo(XenError.EPERM));
            Assert.That(RemoteShutdown(id), Is.EqualTo(XenError.EPERM));
        }

        Assert.That((service.PauseCount, service.IsEnding), Is.EqualTo((0, false)));
        Domain guest = Make(0, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, guest.Id, Unprivileged), Is.Zero);
        Assert.That(guest.State, Is.EqualTo(DomainState.Running));
        Assert.That(RemoteShutdown(guest.Id), Is.Zero);
        Assert.That(guest.IsEnding, Is.True);
    }

    [Test]
    public void VersionAndOperationAreChecked()
    {
        Guest.Write(Arguments, Structure, ("cmd", DomainControlAbi.PauseDomain), ("interface_version", 0x14));
        Assert.That(Host.Call(Builder, Domctl, Bits == 32, Arguments), Is.EqualTo(XenError.EACCES));
        Assert.That(Host.Call(Builder, Domctl, Bits == 32, 0x7000_0000), Is.EqualTo(XenError.EFAULT));
        Assert.That(Call(8, FirstGuest), Is.EqualTo(XenError.ENOSYS));
        Assert.That(Call(DomainControlAbi.PauseDomain, 77), Is.EqualTo(XenError.ESRCH));
        Guest.Write(Arguments, "struct xen_sysctl", ("cmd", SystemControlAbi.PhysInfo), ("interface_version", 0x14));
        Assert.That(Host.Call(Builder, Sysctl, Bits == 32, Arguments), Is.EqualTo(XenError.EACCES));
    }
}
