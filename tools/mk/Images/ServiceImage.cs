using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mk.Images;

/// <summary>
/// The initial file system of a service: its program as /init, statically linked. All services run on
/// <see cref="ServiceKernel"/> (docs/services.md).
/// </summary>
public sealed class ServiceImage
{
    private const string Runtime = "linux-x64";

    private readonly string _project;

    private ServiceImage(string project, string name)
    {
        _project = project;
        Name = name;
    }

    /// <summary>
    /// The kernel's command line for a service, to which words for the service itself can be added. Of the kernel's messages only those of
    /// a panic are shown. Unless it is told so, its privcmd waits for XenStore, and then allows hypercalls about one other domain only.
    /// </summary>
    public const string CommandLine = "console=hvc0 loglevel=3 panic=-1 xen_privcmd.unrestricted=1";

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
        List<string> files = [.. ProjectSources.Of(_project), Repository.InRoot("tools/mk/Images/ServiceImage.cs")];
        return string.Create(CultureInfo.InvariantCulture, $"{files.Count} {files.Max(File.GetLastWriteTimeUtc):O}");
    }

    /// <summary>Builds the program and writes the image. It is not compressed: unpacking would be a third of the domain's start.</summary>
    /// <exception cref="MkException">It does not build; the message has the compiler's words.</exception>
    public void Write(string file)
    {
        string program = Publish();
        using FileStream output = File.Create(file);
        using var archive = new CpioWriter(output);
        foreach (string name in new[] { "dev", "proc", "sys", "tmp" })
            archive.AddDirectory(name);
        archive.AddDevice("dev/console", 5, 1);
        archive.AddDevice("dev/null", 1, 3);
        archive.AddFile("init", File.ReadAllBytes(program), executable: true);
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
