using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
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

    // The tests bear it when another project takes half of the machine, and no more.
    private const int ProjectsAtATime = 2;

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var filter = new Option<string?>("--filter") { Description = "Only tests whose full name contains this", HelpName = "TEXT" };
        filter.Validators.Add(static result =>
        {
            // Others mean something to the test program, or make it fail.
            if (result.GetValueOrDefault<string>() is { } text && !text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+'))
                result.AddError($"'{text}' is no part of a test's name: leave out its arguments; they cannot be chosen");
        });
        var bare = new Option<bool>("--bare") { Description = "Only the tests of the core and of mk: no service's image is made, and none is started" };
        var list = new Option<bool>("--list") { Description = "List the tests instead of running them" };
        var command = new Command("test", "Build everything, check the format, and run all tests: on the host, and in QEMU.") { filter, bare, list };
        command.SetAction(parsed =>
        {
            var choice = new TestChoice(parsed.GetValue(filter), parsed.GetValue(bare));
            return parsed.GetValue(list) ? List(choice) : Run(choice);
        });
        return command;
    }

    private static int Run(TestChoice choice)
    {
        var tally = new Tally();
        if (tally.Step("build", () => Build(choice)))
        {
            if (choice.Filter is null)
                tally.Step("format", CheckFormat);
            tally.Step("images", static () => Array.ForEach(Images, static name => ImageStore.Ensure(ImageStore.PathOf(name))));
            RunAll(tally, choice);
        }
        Console.WriteLine(tally);
        return (int)(tally.Failed == 0 ? ExitCode.Success : ExitCode.GuestCrashed);
    }

    private static void Build(TestChoice choice)
    {
        if (choice.IsBare)
            BuildCommand.BuildCore();
        else
            BuildCommand.Build();
    }

    private static void RunAll(Tally tally, TestChoice choice)
    {
        ILookup<bool, TestProject> projects = TestProject.FindAll(choice).ToLookup(static project => project.WantsAllCpus);
        var options = new ParallelOptions { MaxDegreeOfParallelism = ProjectsAtATime };
        Parallel.ForEach(Partitioner.Create(projects[false], EnumerablePartitionerOptions.NoBuffering), options, project => tally.Run(project, choice));
        foreach (TestProject project in projects[true])
            tally.Run(project, choice);
    }

    // Style rules and analysers had their say when the solution was built.
    private static void CheckFormat() =>
        Tool.Run("dotnet", ["format", "whitespace", "Microkernel.sln", "--verify-no-changes", "--no-restore"], Repository.Root);

    private static int List(TestChoice choice)
    {
        Build(choice);
        IEnumerable<string> names = TestProject.FindAll(choice).SelectMany(project => project.List(choice));
        foreach (string name in names)
            Console.WriteLine(name);
        return (int)ExitCode.Success;
    }
}
