using System;
using System.IO;
using Mk.Boot;
using Mk.Machine;

namespace Mk.Iso;

/// <summary>Makes a CD image that boots the core with GRUB, under BIOS and under UEFI.</summary>
public static class IsoImage
{
    /// <summary>GRUB's platforms; without one of them grub-mkrescue makes, without a word, an image that boots only one way.</summary>
    private static readonly string[] GrubPlatforms = ["i386-pc", "x86_64-efi"];

    /// <summary>Writes the image.</summary>
    /// <param name="file">The file to make.</param>
    /// <param name="set">What it boots.</param>
    /// <param name="coreOptions">Words of the core's command line.</param>
    /// <exception cref="MkException">A tool is missing or fails.</exception>
    public static void Write(string file, BootSet set, string coreOptions)
    {
        foreach (string platform in GrubPlatforms)
        {
            if (!Directory.Exists($"/usr/lib/grub/{platform}"))
                throw new MkException(ExitCode.Usage, $"GRUB for {platform} is missing (/usr/lib/grub/{platform})");
        }
        using var folder = new RunFolder();
        string boot = Directory.CreateDirectory(folder.File("boot")).FullName;
        string grub = Directory.CreateDirectory(Path.Combine(boot, "grub")).FullName;
        File.Copy(Repository.Core, Path.Combine(boot, "core.elf"));
        File.WriteAllText(Path.Combine(boot, BootSet.ManifestName), set.Manifest);
        foreach (BootModule module in set.Modules)
            File.Copy(module.Path, Path.Combine(boot, module.Name));
        File.WriteAllText(Path.Combine(grub, "grub.cfg"), GrubConfig.Write(set, coreOptions));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        Tool.Run("grub-mkrescue", ["-o", file, folder.Path]);
    }
}
