using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using NUnit.Framework;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Tests;

public sealed class CreateCommandTests : SystemFixture
{
    private byte[] _kernel = [];

    private string Config(string more = "")
    {
        _kernel = RandomNumberGenerator.GetBytes(200_000);
        File.WriteAllBytes(Path.Combine(Folder, "kernel"), _kernel);
        File.WriteAllBytes(Path.Combine(Folder, "ramdisk"), RandomNumberGenerator.GetBytes(1000));
        string file = Path.Combine(Folder, "web.cfg");
        File.WriteAllText(file, $"name='web'\ntype='pvh'\nkernel='kernel'\nramdisk='ramdisk'\nmemory=256\n{more}\n");
        return file;
    }

    [Test]
    public async Task CreateUploadsTheFilesAndStartsTheGuest()
    {
        string file = Config("maxmem=512; vcpus=2; maxvcpus=4; extra='quiet'; cpu_weight=512; cap=50; cpus='1,2'; pool='rest'; on_crash='rename-restart'\nuuid='5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001'");
        (int code, string output, string errors) = await MkCommand.RunAsync("create", file, "--json");
        Assert.That(code, Is.Zero, errors);
        Assert.That(JsonDocument.Parse(output).RootElement.GetProperty("domain").GetInt32(), Is.EqualTo(6));
        Assert.That(errors, Does.Contain("uploading the kernel").And.Contain("created web, domain 6"));
        Api.GuestInfo guest = Fake.Guests.Single();
        Assert.That(guest.State, Is.EqualTo(Api.GuestState.Running));
        Assert.That(Fake.Files[Convert.ToHexString(guest.Config.KernelSha256.Span)], Is.EqualTo(_kernel));
        Assert.That(
            (guest.Config.MemoryBytes, guest.Config.MaximumMemoryBytes, guest.Config.Vcpus, guest.Config.MaximumVcpus),
            Is.EqualTo((256UL << 20, 512UL << 20, 2u, 4u)));
        Assert.That((guest.Config.CpuWeight, guest.Config.CpuCap, guest.Config.OnCrash, guest.Config.CommandLine),
            Is.EqualTo((512u, 50u, Api.EndAction.RenameRestart, "quiet")));
        Assert.That((guest.Config.CpuPin, guest.Config.CpuPool), Is.EqualTo((0b110ul, "rest")));
        Assert.That(XlText.UuidOf(guest), Is.EqualTo("5f5f3f6a-0c2d-4e7b-9a51-d2f7c7a4a001"));
    }

    [Test]
    public async Task WhatIsThereIsNotUploadedAgainAndWordsOfTheCommandLineCountMore()
    {
        string file = Config();
        Assert.That((await MkCommand.RunAsync("create", "-q", file)).Code, Is.Zero);
        int uploads = Fake.Calls.Count(static c => c == "Upload");
        (int code, _, string errors) = await MkCommand.RunAsync("create", "-q", "-p", file, "name=db", "memory=128", "extra=a \"b\"", "on_crash='preserve'");
        Assert.That(code, Is.Zero, errors);
        Assert.That(errors, Is.Empty);
        Assert.That(Fake.Calls.Count(static c => c == "Upload"), Is.EqualTo(uploads));
        Api.GuestInfo guest = Fake.Guests[1];
        Assert.That((guest.Name, guest.State, guest.Config.MemoryBytes, guest.Config.CommandLine, guest.Config.OnCrash),
            Is.EqualTo(("db", Api.GuestState.Paused, 128UL << 20, "a \"b\"", Api.EndAction.Preserve)));
    }

    [TestCase("memory=lots", "'memory=lots': memory = lots is not a number")]
    [TestCase("memmory=5", "'memmory=5': there is no key 'memmory'; is 'memory' meant?")]
    [TestCase("name", "'name': '=' is missing after 'name'")]
    [TestCase("extra='x", "'extra='x': the string is not closed")]
    public async Task AWrongWordIsNamed(string word, string message)
    {
        (int code, _, string errors) = await MkCommand.RunAsync("create", Config(), word);
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain(message));
        Assert.That(Fake.Guests, Is.Empty);
    }

    [Test]
    public async Task ANameThatIsTakenIsRefused()
    {
        string file = Config();
        await MkCommand.RunAsync("create", "-q", file);
        (int code, _, string errors) = await MkCommand.RunAsync("create", "-q", file);
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain("there is a guest named 'web' already"));
    }

    [Test]
    public async Task AMissingKernelIsNamed()
    {
        string file = Config();
        File.Delete(Path.Combine(Folder, "kernel"));
        (int code, _, string errors) = await MkCommand.RunAsync("create", file);
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain("/kernel: no such file"));
    }

    [Test]
    public async Task ADryRunShowsWhatTheFileComesToAndCreatesNothing()
    {
        (int code, string output, _) = await MkCommand.RunAsync("create", "-n", Config("vcpus=3"));
        Assert.That(code, Is.Zero);
        Assert.That(JsonDocument.Parse(output).RootElement.GetProperty("maximum_vcpus").GetInt32(), Is.EqualTo(3));
        Assert.That(Fake.Calls, Is.Empty);
    }

    [Test]
    public async Task AnUploadGoesOnAfterARestartOfTheToolstack()
    {
        string file = Config();
        Fail("Upload", StatusCode.Unavailable, "the toolstack is being restarted", times: 2);
        (int code, _, string errors) = await MkCommand.RunAsync("create", "-q", file);
        Assert.That(code, Is.Zero, errors);
        Assert.That(Fake.Files.Values.Count(f => f.SequenceEqual(_kernel)), Is.EqualTo(1));
    }

    [Test]
    public async Task PartsThatOvertookOthersAreSentAgain()
    {
        string file = Config();
        Fail("Upload", StatusCode.OutOfRange, "the next part is due at 0");
        (int code, _, string errors) = await MkCommand.RunAsync("create", "-q", file);
        Assert.That(code, Is.Zero, errors);
        Assert.That(Fake.Files.Values.Count(f => f.SequenceEqual(_kernel)), Is.EqualTo(1));
    }

    [Test]
    public async Task ACreateThatFailsSaysWhy()
    {
        Fail("Create", StatusCode.ResourceExhausted, "256 MiB do not fit: 100 MiB are free");
        (int code, _, string errors) = await MkCommand.RunAsync("create", "-q", Config());
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage));
        Assert.That(errors, Does.Contain("256 MiB do not fit: 100 MiB are free"));
    }
}
