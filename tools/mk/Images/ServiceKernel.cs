using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>
/// The kernel of all services: Debian's source of Linux with what a service needs and nothing else. It starts several times as fast as
/// the one that Debian builds for everybody's machine, and there is less of it to trust.
/// </summary>
public static class ServiceKernel
{
    /// <summary>Its name in the image store.</summary>
    public const string FileName = "service.vmlinux";

    private const string Series = "6.1";

    // The same source and compiler make the same bytes.
    private static readonly string[] Reproducible = ["KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_USER=mk", "KBUILD_BUILD_HOST=mk"];

    private static string ConfigFile => Repository.InRoot("services/kernel.config");

    /// <summary>Text that changes whenever the kernel would.</summary>
    public static string Recipe() => File.ReadAllText(ConfigFile);

    /// <summary>Fetches the source and compiles it.</summary>
    /// <param name="work">A folder to work in.</param>
    /// <param name="file">The ELF image to make.</param>
    /// <exception cref="MkException">There is no such source, the configuration does not fit it, or it does not compile.</exception>
    public static void Write(string work, string file)
    {
        Say.Line("the services' kernel is compiled, once: a few minutes");
        new KernelFetcher(work).UseSource(Series, tree =>
        {
            Make(tree, "allnoconfig", "KCONFIG_ALLCONFIG=" + ConfigFile);
            IReadOnlyList<string> ignored = Ignored(File.ReadAllLines(ConfigFile), File.ReadAllLines(Path.Combine(tree, ".config")));
            if (ignored.Count > 0)
                throw new MkException(ExitCode.Usage, $"{ConfigFile}: Linux {Series} does not take {string.Join(", ", ignored)}");
            string processors = System.Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
            Make(tree, ["-j" + processors, .. Reproducible, "vmlinux"]);
            Tool.Run("strip", ["-o", file, Path.Combine(tree, "vmlinux")]);
        });
    }

    /// <summary>The lines of a configuration that another one, made from it, does not follow: what an option needs may be missing.</summary>
    public static IReadOnlyList<string> Ignored(IEnumerable<string> wanted, IEnumerable<string> made)
    {
        HashSet<string> lines = [.. made];
        bool IsOff(string option) => !lines.Any(line => line.StartsWith(option + "=", System.StringComparison.Ordinal));
        return
        [
            .. wanted.Where(static line => line.StartsWith("CONFIG_", System.StringComparison.Ordinal))
                .Where(line => line.EndsWith("=n", System.StringComparison.Ordinal) ? !IsOff(line[..^2]) : !lines.Contains(line)),
        ];
    }

    private static void Make(string tree, params string[] arguments) => Tool.Run("make", ["-s", "-C", tree, .. arguments]);
}
