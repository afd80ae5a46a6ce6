using System;
using System.CommandLine;
using Mk.Images;

namespace Mk.Commands;

/// <summary><c>mk build</c>: builds everything there is to build.</summary>
public static class BuildCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("build", "Build the core, the tools, the tests, the test guests and the services' images.");
        command.SetAction(static _ => Build());
        return command;
    }

    /// <summary>Builds; a failure is an <see cref="MkException"/> with the compiler's words.</summary>
    public static int Build()
    {
        BuildCore();
        ImageStore.Ensure(ImageStore.PathOf(ServiceKernel.FileName));
        foreach (ServiceImage image in ServiceImage.FindAll())
            ImageStore.Ensure(ImageStore.PathOf(image.FileName));
        Say.Line($"made {Repository.Core}");
        return (int)ExitCode.Success;
    }

    /// <summary>Builds all but the services' images.</summary>
    public static void BuildCore()
    {
        Say.While("building Microkernel.sln", static () => Tool.Run(
            "dotnet", ["build", "Microkernel.sln", "--nologo", "-v", "q", "-maxcpucount:2"], Repository.Root));
        CoreImage.Ensure();
        TestGuests.Build();
    }
}
