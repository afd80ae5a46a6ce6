using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mk.Images;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class ProjectSourcesTests
{
    [Test]
    public void EverythingThatGoesIntoAServiceIsFound()
    {
        IReadOnlyCollection<string> files = ProjectSources.Of(Repository.InRoot("tests/ServiceProbe/ServiceProbe.csproj"));
        Assert.That(files.Select(static f => Path.GetRelativePath(Repository.Root, f)), Is.SupersetOf(new[]
        {
            "Directory.Packages.props", "services/Service.props", "tests/ServiceProbe/Checks.cs", "lib/Services/ServiceHost.cs",
            "lib/Xen/Hypercalls/Privcmd.cs", "lib/Rings/Rendezvous/RingWiring.cs", "lib/CoreMessages/MessageReader.cs",
            "protos/microkernel/health/v1/health.proto", "protos/microkernel/ring/v1/ring.proto",
        }));
        Assert.That(files.Where(static f => !File.Exists(f) || f.Contains("/obj/") || f.Contains("/bin/")), Is.Empty);
    }

    [Test]
    public void ServicesAreNamedAfterTheirFolders() =>
        Assert.That(
            ServiceImage.FindAll().Select(static image => image.FileName),
            Is.SupersetOf(new[] { "memory.img", "xenstore.img", "scheduler.img", "qemu-dm.img", "toolstack.img", "service-probe.img" }));
}
