using System.IO;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Iso;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>The CD image boots the same by BIOS and by UEFI.</summary>
public sealed class IsoTests : SystemTest
{
    private const string Ovmf = "/usr/share/OVMF/OVMF_CODE_4M.fd";

    private readonly string _iso = Path.GetTempFileName();

    [TearDown]
    public void DeleteImage() => File.Delete(_iso);

    [TestCase(null, 1)]
    [TestCase(null, 4)]
    [TestCase(Ovmf, 1)]
    [TestCase(Ovmf, 4)]
    public async Task BootsAGuestToItsEnd(string? firmware, int cpus)
    {
        GuestConfig guest = TestGuest("version64", "domid=1");
        IsoImage.Write(_iso, BootSet.For([guest]), "guests=com1");
        MachineOptions host = Host(180, cpus, [guest]) with { MemoryMiB = 1024 };
        await using Session session = Session.StartDisc(host, _iso, firmware, [guest.Name], Logs.New());
        RunResult result = await session.Completion;
        Assert.That(result.Code, Is.EqualTo(ExitCode.Success), result.Reason);
        Assert.That(session.Core.ToString(), Does.Match(@"guest-test version: [1-9]\d* passed, 0 failed"));
    }
}
