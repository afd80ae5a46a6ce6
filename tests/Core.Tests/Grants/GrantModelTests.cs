using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Microkernel.Core.Abi;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;
using static Microkernel.Core.Tests.Grants.GrantFixture;

namespace Microkernel.Core.Tests.Grants;

/// <summary>Three domains that grant, map, copy, balloon and die at random, against a model that is too simple to be wrong.</summary>
public sealed class GrantModelTests
{
    private const int Domains = 3;
    private const int References = 4;
    private const int Places = 6;

    private sealed record Entry(int Grantee, ulong Gfn, bool ReadOnly);

    private sealed record ModelMapping(int Granter, uint Reference, bool Write, ulong Place, uint Handle, ulong Mfn);

    private sealed class Model(GrantFixture fixture)
    {
        private readonly Dictionary<(int, uint), Entry> _entries = [];
        private readonly List<ModelMapping>[] _mappings = [[], [], []];

        public void Step(byte what, byte who, byte which, byte where)
        {
            int domain = who % Domains;
            int other = (domain + 1 + which % 2) % Domains;
            uint reference = (uint)(which / 2 % References);
            ulong gfn = 100 + (ulong)(where % 3);
            switch (what % 6)
            {
                case 0:
                    Grant(domain, reference, other, gfn, where % 4 == 0);
                    break;
                case 1:
                    End(domain, reference);
                    break;
                case 2 or 3:
                    Map(domain, other, reference, Hole + where % (ulong)Places, what % 2 == 0);
                    break;
                case 4:
                    Unmap(domain, where);
                    break;
                default:
                    Balloon(domain, gfn);
                    break;
            }
        }

        public void Check()
        {
            Assert.That(Audit.Check(fixture.Host.Kernel), Is.True, fixture.Host.Machine.Log.ToString());
            for (int domain = 0; domain < Domains; domain++)
            {
                for (uint reference = 0; reference < References; reference++)
                {
                    Assert.That(fixture.Flags(domain, reference), Is.EqualTo(ExpectedFlags(domain, reference)));
                }
            }
        }

        public void KillAll()
        {
            for (int domain = 0; domain < Domains; domain++)
            {
                TearDown(fixture.Domain(domain));
                fixture.Host.Kernel.Domains.Release(fixture.Domain(domain));
                Assert.That(Audit.Check(fixture.Host.Kernel), Is.True, fixture.Host.Machine.Log.ToString());
            }

            Assert.That(
                fixture.Memory.Allocator.FreeFrames, Is.EqualTo(TestHost.FrameCount - TestHost.FirstFreeFrame));
        }

        private IEnumerable<ModelMapping> Users(int granter, uint reference) =>
            _mappings.SelectMany(m => m).Where(m => m.Granter == granter && m.Reference == reference);

        private uint ExpectedFlags(int domain, uint reference)
        {
            if (!_entries.TryGetValue((domain, reference), out Entry? entry))
            {
                return 0;
            }

            return GrantAbi.PermitAccess | (entry.ReadOnly ? GrantAbi.ReadOnly : 0)
                | (Users(domain, reference).Any() ? GrantAbi.Reading : 0)
                | (Users(domain, reference).Any(m => m.Write) ? GrantAbi.Writing : 0);
        }

        private void Grant(int domain, uint reference, int grantee, ulong gfn, bool readOnly)
        {
            if (!Users(domain, reference).Any())
            {
                uint flags = GrantAbi.PermitAccess | (readOnly ? GrantAbi.ReadOnly : 0);
                fixture.Grant(domain, reference, fixture.Id(grantee), gfn, flags);
                _entries[(domain, reference)] = new Entry(grantee, gfn, readOnly);
            }
        }

        private void End(int domain, uint reference)
        {
            if (!Users(domain, reference).Any())
            {
                fixture.Entry(domain, reference)[0] = 0;
                _entries.Remove((domain, reference));
            }
        }

        private void Map(int domain, int granter, uint reference, ulong place, bool write)
        {
            uint flags = GrantAbi.HostMap | (write ? 0 : GrantAbi.MapReadOnly);
            ModelMapping? user = Users(granter, reference).FirstOrDefault();
            bool allowed = _entries.TryGetValue((granter, reference), out Entry? entry) && entry.Grantee == domain
                && !(write && entry.ReadOnly);
            ulong? now = allowed && fixture.Domain(granter).Physmap.TryLookup(entry!.Gfn, out PhysmapEntry page) ? page.Mfn : null;
            bool alive = user == null ? now != null : fixture.Memory.Frames.IsHeld(user.Mfn);
            bool free = _mappings[domain].All(m => m.Place != place);
            long expected = !allowed ? GrantAbi.GeneralError : !alive ? GrantAbi.BadPage
                : free ? GrantAbi.Okay : GrantAbi.GeneralError;
            long status = fixture.Map(domain, fixture.Id(granter), reference, place, out uint handle, flags);
            Assert.That(status, Is.EqualTo(expected));
            if (status == 0)
            {
                ulong mfn = fixture.Mfn(domain, place);
                Assert.That(mfn, Is.EqualTo(user?.Mfn ?? now));
                _mappings[domain].Add(new ModelMapping(granter, reference, write, place, handle, mfn));
            }
        }

        private void Unmap(int domain, byte which)
        {
            List<ModelMapping> mine = _mappings[domain];
            if (mine.Count == 0)
            {
                Assert.That(fixture.Unmap(domain, Hole, which), Is.EqualTo(GrantAbi.BadHandle));
                return;
            }

            ModelMapping mapping = mine[which % mine.Count];
            Assert.That(fixture.Unmap(domain, mapping.Place + Places, mapping.Handle), Is.EqualTo(GrantAbi.GeneralError));
            Assert.That(fixture.Unmap(domain, mapping.Place, mapping.Handle), Is.EqualTo(GrantAbi.Okay));
            mine.Remove(mapping);
        }

        private void Balloon(int domain, ulong gfn)
        {
            if (fixture.Domain(domain).Memory.RemovePages([gfn]) == 0)
            {
                Assert.That(fixture.Domain(domain).Memory.Populate(gfn, 0), Is.Zero);
            }
        }
    }

    [Test]
    public void GrantsBehaveLikeTheModel()
    {
        Arbitrary<(byte, byte, byte, byte)[]> runs =
            ArbMap.Default.GeneratorFor<(byte, byte, byte, byte)>().ArrayOf(150).ToArbitrary();
        Config config = Config.QuickThrowOnFailure.WithMaxTest(25);
        Prop.ForAll(runs, (Action<(byte, byte, byte, byte)[]>)Run).Check(config);
    }

    private static void Run((byte, byte, byte, byte)[] steps)
    {
        Model model = new(new GrantFixture(domains: Domains));
        int count = 0;
        foreach ((byte what, byte who, byte which, byte where) in steps)
        {
            model.Step(what, who, which, where);
            if (++count % 50 == 0)
            {
                model.Check();
            }
        }

        model.Check();
        model.KillAll();
    }
}
