using System.IO;
using System.Linq;
using Mk.Sizes;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class SizesTests
{
    [Test]
    public void CommentsAndBlankLinesAreNoCode() =>
        Assert.That(LineCount.Of(
        [
            "// c", "/// doc", "", "   ", "int x; // code", "/* a", " b */", "/* c */ int y;", "/* d */ // e", "string s = \"//\";", "} /* f",
            "int z; */",
        ]), Is.EqualTo(new LineCount(5, 12)));

    [Test]
    public void SectionsOfThisMachinesShellAreThoseThatReadelfShows()
    {
        string shell = Path.GetFullPath(new FileInfo("/bin/sh").ResolveLinkTarget(true)?.FullName ?? "/bin/sh");
        var expected = Tool.Run("readelf", ["-SW", shell]).Split('\n')
            .Select(static l => l.Replace("[ ", "[").Split(' ', System.StringSplitOptions.RemoveEmptyEntries))
            .Where(static w => w.Length > 8 && w[0].StartsWith('[') && w[7].Contains('A'))
            .Select(static w => (w[1], System.Convert.ToInt64(w[5], 16)));
        Assert.That(ElfSection.Read(File.ReadAllBytes(shell)).Select(static s => (s.Name, s.Bytes)), Is.EqualTo(expected));
    }

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public void DamagedFilesAreRefusedNotFollowed(byte[] noise)
    {
        byte[] file = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, .. new byte[58], .. noise];
        for (int i = 0; i < noise.Length && i < 58; i++)
            file[6 + i] = noise[i];
        try
        {
            ElfSection.Read(file);
        }
        catch (InvalidDataException)
        {
            // The one answer there is besides a list of sections.
        }
    }
}
