using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using FsCheck;
using Mk.Images;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class ImageTests
{
    [Test]
    public void CpioReadsWhatTheWriterWrote()
    {
        string file = Path.GetTempFileName();
        using (FileStream output = File.Create(file))
        using (var archive = new CpioWriter(output))
        {
            archive.AddDirectory("d");
            archive.AddFile("d/f", "hello\n"u8, executable: true);
            archive.AddLink("d/l", "f");
            archive.AddDevice("d/n", 5, 1);
        }
        string list = Tool.Run("sh", ["-c", $"cpio -itv <{file} 2>/dev/null | tr -s ' '"]);
        Assert.That(list.Split('\n').Where(static l => l.Length > 0 && l[0] != 'c').Select(static l => l.Split(' ')).Select(static w => (w[0], string.Join(' ', w[8..]))),
            Is.EqualTo(new[] { ("drwxr-xr-x", "d"), ("-rwxr-xr-x", "d/f"), ("lrwxrwxrwx", "d/l -> f") }));
        Assert.That(list, Does.Contain("crw-------").And.Contain("5, 1"));
        Assert.That(Tool.Run("sh", ["-c", $"cpio -i --to-stdout d/f <{file} 2>/dev/null"]), Is.EqualTo("hello\n"));
        File.Delete(file);
    }

    [FsCheck.NUnit.Property(MaxTest = 200)]
    public bool EveryArchiveIsAlignedAndEndsWithTheTrailer(NonEmptyString name, byte[] contents)
    {
        using var output = new MemoryStream();
        using (var archive = new CpioWriter(output))
            archive.AddFile(name.Get.Replace('\0', '_'), contents);
        byte[] bytes = output.ToArray();
        return bytes.Length % 4 == 0 && bytes.AsSpan().IndexOf("TRAILER!!!\0"u8) > 0 && bytes.AsSpan(0, 6).SequenceEqual("070701"u8);
    }

    private static readonly string[] Packages =
    [
        "linux-image-6.1.0-9-amd64", "linux-image-6.1.0-56-amd64", "linux-image-6.1.0-56-cloud-amd64", "linux-image-6.1.0-56-rt-amd64",
        "linux-image-6.1.0-60-amd64-unsigned", "linux-image-6.12-amd64", "linux-image-6.12.9+bpo-amd64", "linux-image-6.12.95+deb12-amd64",
        "linux-image-6.12.117+deb12-cloud-amd64", "linux-image-6.12.117+deb12-amd64-dbg", "linux-image-6.12.57+deb12.1-amd64",
    ];

    [TestCase("6.1", "generic", "linux-image-6.1.0-56-amd64")]
    [TestCase("6.1", "cloud", "linux-image-6.1.0-56-cloud-amd64")]
    [TestCase("6.12", "generic", "linux-image-6.12.95+deb12-amd64")]
    [TestCase("6.12", "cloud", "linux-image-6.12.117+deb12-cloud-amd64")]
    [TestCase("6.6", "cloud", null)]
    public void TheNewestSignedImageOfASeriesIsChosen(string series, string flavour, string? expected) =>
        Assert.That(KernelFetcher.Newest(Packages, series, flavour), Is.EqualTo(expected));

    [TestCase("a.sources", "Types: deb\nURIs: http://x/debian\nSuites: s s-updates\nSigned-By: /k.gpg\n\nURIs: http://y/\nSuites: s\nSigned-By: /other\n", "/k.gpg")]
    [TestCase("a.sources", "# c\nURIs: http://x/debian/\nSuites: s\nsigned-by:\n -----BEGIN\n .\n AB\nTrusted: no\n", "\n -----BEGIN\n .\n AB")]
    [TestCase("a.sources", "URIs: http://x/debian\nSuites: t\nSigned-By: /k\n", null)]
    [TestCase("a.list", "deb http://y s main\n#deb [signed-by=/no] http://x/debian s main\ndeb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://x/debian/ s main\n", "/a.gpg /b.gpg")]
    [TestCase("a.list", "deb http://x/debian s main\n", null)]
    public void TheKeysOfASourceAreFoundInBothFormats(string file, string text, string? expected) =>
        Assert.That(AptSource.FindSignedBy(file, text, "http://x/debian/", "s"), Is.EqualTo(expected));

    [Test]
    public void AnotherSuiteOfThisMachinesArchiveCanBeRead()
    {
        string folder = Directory.CreateTempSubdirectory("mk-apt").FullName;
        string suite = OsRelease.Codename() == "bookworm" ? "bookworm-backports" : "bookworm";
        Assert.That(KernelFetcher.Newest(Apt.OfSuite(suite, folder).NamesWith("linux-image-6."), suite == "bookworm" ? "6.1" : "6.12", "cloud"), Is.Not.Null);
        Directory.Delete(folder, recursive: true);
    }

    [TestCase("VERSION_CODENAME=bookworm", "bookworm")]
    [TestCase("VERSION_CODENAME=\"trixie\"", "trixie")]
    [TestCase("VERSION=x", null)]
    public void ReadsOsRelease(string line, string? expected) =>
        Assert.That(OsRelease.Field(["ID=debian", line], "VERSION_CODENAME"), Is.EqualTo(expected));

    [Test]
    public void AFileIsUpToDateOnlyWhenNewerThanAllItsSources()
    {
        string source = Path.GetTempFileName(), made = Path.GetTempFileName();
        File.SetLastWriteTimeUtc(made, File.GetLastWriteTimeUtc(source).AddSeconds(-1));
        Assert.That(CoreImage.IsUpToDate(made, [source]), Is.False);
        File.SetLastWriteTimeUtc(made, File.GetLastWriteTimeUtc(source).AddSeconds(1));
        Assert.That(CoreImage.IsUpToDate(made, [source]), Is.True);
        File.Delete(made);
        Assert.That(CoreImage.IsUpToDate(made, [source]), Is.False);
        File.Delete(source);
    }

    [Test]
    public void AFileThatNobodyCanMakeIsNamed() =>
        Assert.That(static () => ImageStore.Ensure(ImageStore.PathOf("nosuch")), Throws.TypeOf<MkException>().With.Message.Contains("nosuch: no such file; mk can make these"));

    [Test]
    public void AnErrorOfAToolShowsWhatItWrote() =>
        Assert.That(static () => Tool.Run("sh", ["-c", "echo one; echo two >&2; exit 3"]),
            Throws.TypeOf<MkException>().With.Message.EndsWith("ended with code 3:\none\ntwo"));

    [Test]
    public void OptionsThatTheKernelDoesNotTakeAreFound() =>
        Assert.That(ServiceKernel.Ignored(["# why", "CONFIG_A=y", "CONFIG_B=n", "CONFIG_C=y", "CONFIG_D=n", "CONFIG_E=8"],
            ["CONFIG_A=y", "CONFIG_B=y", "# CONFIG_C is not set", "# CONFIG_D is not set", "CONFIG_E=64"]),
            Is.EqualTo(["CONFIG_B=n", "CONFIG_C=y", "CONFIG_E=8"]));
}
