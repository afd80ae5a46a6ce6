using System.CommandLine;
using System.Linq;
using Mk.Store;

namespace Mk.Commands;

/// <summary><c>mk xenstore</c>: Debian's xenstore-* commands, for the store of the running system.</summary>
public static class XenStoreCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create() => new("xenstore", "Look at the store, and change it: Debian's xenstore-* commands with their options.")
    {
        CreateLs(), CreateRead(), CreateWrite(), CreateRemove(), CreateList(), CreateWatch(), CreateChmod(), CreateStats(),
    };

    private static Command CreateLs()
    {
        var path = new Argument<string>("PATH") { Description = "Where to begin", DefaultValueFactory = static _ => "/" };
        var areWhole = new Option<bool>("-f") { Description = "Full paths instead of indented names" };
        var havePermissions = new Option<bool>("-p") { Description = "Permissions too" };
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("ls", "Print everything below a node.") { path, areWhole, havePermissions, json };
        command.SetSystemAction((parsed, system) => new StoreCommands(system).LsAsync(
            parsed.GetValue(path)!, parsed.GetValue(areWhole), parsed.GetValue(havePermissions), parsed.GetValue(json)));
        return command;
    }

    private static Command CreateRead()
    {
        Argument<string[]> paths = PathsArgument();
        var havePaths = new Option<bool>("-p") { Description = "Prefix each value with its path" };
        Option<bool> isRaw = RawOption("Values as they are, without escapes and line ends");
        var command = new Command("read", "Print values.") { paths, havePaths, isRaw };
        command.SetSystemAction((parsed, system) => new StoreCommands(system).ReadAsync(
            parsed.GetValue(paths)!, parsed.GetValue(havePaths), parsed.GetValue(isRaw)));
        return command;
    }

    private static Command CreateWrite()
    {
        var pairs = new Argument<string[]>("PATH VALUE") { Description = "Paths, each with its value behind it", Arity = ArgumentArity.OneOrMore };
        Option<bool> isRaw = RawOption("Backslashes are part of the value, not escapes");
        var command = new Command("write", "Write values, all or none; nodes that are missing are made.") { pairs, isRaw };
        command.Validators.Add(result =>
        {
            if (result.GetValue(pairs) is { Length: var count } && count % 2 != 0)
                result.AddError("each path needs a value: mk xenstore write PATH VALUE [PATH VALUE ...]");
        });
        command.SetSystemAction((parsed, system) => new StoreCommands(system).WriteAsync(parsed.GetValue(pairs)!, parsed.GetValue(isRaw)));
        return command;
    }

    private static Command CreateRemove()
    {
        Argument<string[]> paths = PathsArgument();
        var isTidy = new Option<bool>("-t") { Description = "Then remove nodes above, too, while they are empty and have no value" };
        var command = new Command("rm", "Remove nodes and everything below them.") { paths, isTidy };
        command.SetSystemAction((parsed, system) => new StoreCommands(system).RemoveAsync(parsed.GetValue(paths)!, parsed.GetValue(isTidy)));
        return command;
    }

    private static Command CreateList()
    {
        Argument<string[]> paths = PathsArgument();
        var havePaths = new Option<bool>("-p") { Description = "Full paths instead of names" };
        var command = new Command("list", "Print the names of nodes' children.") { paths, havePaths };
        command.SetSystemAction((parsed, system) => new StoreCommands(system).ListAsync(parsed.GetValue(paths)!, parsed.GetValue(havePaths)));
        return command;
    }

    private static Command CreateWatch()
    {
        Argument<string[]> paths = PathsArgument();
        var count = new Option<long?>("-n") { Description = "End after so many events", HelpName = "COUNT" };
        var command = new Command("watch", "Print the path of whatever changes at or below nodes, until interrupted; first the nodes themselves.") { paths, count };
        command.SetSystemAction((parsed, system) => new StoreWatch(system).RunAsync(parsed.GetValue(paths)!, parsed.GetValue(count) ?? long.MaxValue));
        return command;
    }

    private static Command CreateChmod()
    {
        var path = new Argument<string>("PATH") { Description = "The node" };
        var modes = new Argument<string[]>("MODE")
        {
            Description = "n, r, w or b (none, read, write, both) and a domain's number: first the owner, with what everybody else may do, then others",
            Arity = ArgumentArity.OneOrMore,
        };
        var isRecursive = new Option<bool>("-r") { Description = "Everything below, too" };
        var isUpwards = new Option<bool>("-u") { Description = "The nodes above, too, except /" };
        var command = new Command("chmod", "Set who may do what with a node.") { path, modes, isRecursive, isUpwards };
        command.SetSystemAction((parsed, system) => new StoreCommands(system).ChmodAsync(
            parsed.GetValue(path)!, [.. parsed.GetValue(modes)!.Select(StoreText.ParsePermission)], parsed.GetValue(isRecursive), parsed.GetValue(isUpwards)));
        return command;
    }

    private static Command CreateStats()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("stats", "What the store holds, and what each domain has of it and may have.") { json };
        command.SetSystemAction(async (parsed, system) => StoreStats.Print(await StoreStats.ReadAsync(system), parsed.GetValue(json)));
        return command;
    }

    private static Argument<string[]> PathsArgument() => new("PATH") { Description = "Nodes", Arity = ArgumentArity.OneOrMore };

    private static Option<bool> RawOption(string description) => new("-R") { Description = description };
}
