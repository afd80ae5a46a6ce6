using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Mk.Images;
using Mk.Testing;

namespace Mk.Commands;

/// <summary><c>mk test</c>: builds everything and runs all tests.</summary>
public static class TestCommand
{
    /// <summary>The images that the system tests boot.</summary>
    private static readonly string[] Images =
    [
        "debian-6.1-cloud.vmlinuz", "debian-6.1-generic.vmlinuz", "debian-6.12-cloud.vmlinuz", "debian-6.12-generic.vmlinuz",
        "busybox.initramfs", "stress.initramfs",
    ];

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var filter = new Option<string?>("--filter") { Description = "Only tests whose full name contains this", HelpName = "TEXT" };
        var list = new Option<bool>("--list") { Description = "List the tests instead of running them" };
        var command = new Command("test", "Build everything, check the format, and run all tests: on the host, and in QEMU.") { filter, list };
        command.SetAction(parsed => parsed.GetValue(list) ? List(parsed.GetValue(filter)) : Run(parsed.GetValue(filter)));
        return command;
    }

    private static int Run(string? filter)
    {
        var tally = new Tally();
        if (tally.Step("build", static () => BuildCommand.Build()))
        {
            if (filter is null)
                tally.Step("format", CheckFormat);
            tally.Step("images", static () => Array.ForEach(Images, static name => ImageStore.Ensure(ImageStore.PathOf(name))));
            foreach (TestProject project in TestProject.FindAll())
                tally.Run(project, filter);
        }
        Console.WriteLine(tally);
        return (int)(tally.Failed == 0 ? ExitCode.Success : ExitCode.GuestCrashed);
    }

    // Style rules and analysers had their say when the solution was built.
    private static void CheckFormat() =>
        Tool.Run("dotnet", ["format", "whitespace", "Microkernel.sln", "--verify-no-changes", "--no-restore"], Repository.Root);

    private static int List(string? filter)
    {
        BuildCommand.Build();
        IEnumerable<string> names = TestProject.FindAll().SelectMany(project => project.List(filter));
        foreach (string name in names)
            Console.WriteLine(name);
        return (int)ExitCode.Success;
    }
}
