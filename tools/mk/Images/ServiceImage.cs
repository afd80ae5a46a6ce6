using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>
/// The initial file system of a service: its program as /init, statically linked, and the kernel's modules that it loads. All
/// services run on one kernel (docs/services.md).
/// </summary>
public sealed class ServiceImage
{
    /// <summary>The kernel of all services in the image store, unpacked: each would spend a good part of its start on that.</summary>
    public const string Kernel = "service.vmlinux";

    private const string Runtime = "linux-x64";

    private readonly string _project;

    private ServiceImage(string project, string name)
    {
        _project = project;
        Name = name;
    }

    /// <summary>
    /// The kernel's command line for a service, to which words for the service itself can be added. Without the kernel's tests of its
    /// ciphers, and the certificates that modules are checked against, a domain starts in half the time; a service's modules come with it.
    /// </summary>
    public const string CommandLine =
        "console=hvc0 quiet panic=-1 cryptomgr.notests initcall_blacklist=crypto_kdf108_init,load_system_certificate_list";

    /// <summary>The archive of the kernel's modules, made together with the kernel so that they always fit each other.</summary>
    public static string ModulesFile => ImageStore.PathOf("service.modules");

    /// <summary>The modules, by which a program reaches the hypervisor.</summary>
    public static IReadOnlyList<string> ModuleNames { get; } = ["xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd"];

    /// <summary>The service's name: that of its program, its image and its entry in the manifest.</summary>
    public string Name { get; }

    /// <summary>The image's name in the image store.</summary>
    public string FileName => Name + ".img";

    /// <summary>All services, and those that the system tests use.</summary>
    public static IReadOnlyList<ServiceImage> FindAll() =>
    [
        .. Projects("services").Select(static p => new ServiceImage(p, Path.GetFileName(Path.GetDirectoryName(p))!)),
        new(Repository.InRoot("tests/ServiceProbe/ServiceProbe.csproj"), "service-probe"),
        new(Repository.InRoot("tests/HostileService/HostileService.csproj"), "hostile-service"),
    ];

    /// <summary>Text that changes whenever the image would: the state of everything that goes into it.</summary>
    public string Recipe()
    {
        EnsureModules();
        List<string> files = [.. ProjectSources.Of(_project), ModulesFile, Repository.InRoot("tools/mk/Images/ServiceImage.cs")];
        return string.Create(CultureInfo.InvariantCulture, $"{files.Count} {files.Max(File.GetLastWriteTimeUtc):O}");
    }

    /// <summary>Builds the program and writes the image. It is not compressed: unpacking would be a third of the domain's start.</summary>
    /// <exception cref="MkException">It does not build; the message has the compiler's words.</exception>
    public void Write(string file)
    {
        string program = Publish();
        using FileStream output = File.Create(file);
        using (var archive = new CpioWriter(output))
        {
            foreach (string name in new[] { "dev", "proc", "sys", "tmp" })
                archive.AddDirectory(name);
            archive.AddDevice("dev/console", 5, 1);
            archive.AddDevice("dev/null", 1, 3);
            archive.AddFile("init", File.ReadAllBytes(program), executable: true);
        }
        using FileStream modules = File.OpenRead(ModulesFile);
        modules.CopyTo(output);
    }

    private static void EnsureModules()
    {
        string kernel = ImageStore.PathOf(Kernel);
        if (!File.Exists(ModulesFile))
            File.Delete(kernel);
        ImageStore.Ensure(kernel);
    }

    private string Publish()
    {
        string folder = Repository.InRoot("out/services/" + Name);
        // The services share their libraries' folders.
        using FileStream turn = Turn.Take(Repository.InRoot("out/work/services.lock"));
        // The analysers have their say when the solution is built.
        string[] options = ["--nologo", "-v", "q", "-maxcpucount:2", "-p:DebugType=none", "-p:RunAnalyzersDuringBuild=false"];
        Tool.Run("dotnet", ["publish", _project, "-c", "Release", "-r", Runtime, "-o", folder, .. options], Repository.Root);
        string program = Path.Combine(folder, Name);
        return File.Exists(program) ? program : throw new MkException(ExitCode.Usage, $"{_project} went through but made no {program}");
    }

    private static IEnumerable<string> Projects(string folder) =>
        Directory.GetDirectories(Repository.InRoot(folder)).SelectMany(static d => Directory.GetFiles(d, "*.csproj")).Order(StringComparer.Ordinal);
}
