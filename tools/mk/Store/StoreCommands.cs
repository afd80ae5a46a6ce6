using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Mk.Control;

namespace Mk.Store;

/// <summary>What <c>mk xenstore</c> does; what it prints, and what it says when it fails, is what Debian's commands print and say.</summary>
public sealed class StoreCommands(SystemConnection system)
{
    /// <summary>A path, a zero byte and a value must fit, or guests could not have written it.</summary>
    private const int LargestMessage = 4096;

    private readonly StoreTree _tree = new(system);

    /// <summary>Prints everything below a node, as it is at one moment.</summary>
    public async Task LsAsync(string path, bool areWhole, bool havePermissions, bool isJson)
    {
        var listing = new StoreListing(path, areWhole, havePermissions);
        List<object> all = [];
        try
        {
            await foreach (WalkPart part in _tree.WalkAsync(path, depth: null))
            {
                foreach (WalkedNode node in part.Nodes.Where(n => n.Path != path))
                {
                    if (isJson)
                        all.Add(new { node.Path, Value = StoreText.Escape(node.Value), Permissions = node.Permissions.Select(static p => StoreText.Format([p])) });
                    else
                        Console.Out.WriteLine(listing.Line(node));
                }
            }
        }
        catch (RpcException e)
        {
            throw StoreFailure.Explain(e.StatusCode == StatusCode.NotFound ? $"xs_directory ({path}): No such file or directory" : $"xs_directory ({path})", e);
        }
        if (isJson)
            Json.Print(all);
    }

    /// <summary>Prints values.</summary>
    public Task ReadAsync(string[] paths, bool havePaths, bool isRaw) => PrintAsync(isRaw, async (transaction, output) =>
    {
        foreach (string path in paths)
        {
            WalkedNode node = await Try($"couldn't read path {path}", () => transaction.ReadAsync(path));
            output.Append(havePaths ? $"{path}: " : "");
            output.Append(isRaw ? Encoding.Latin1.GetString(node.Value.Span) : StoreText.Escape(node.Value) + "\n");
        }
    });

    /// <summary>Prints the names of nodes' children.</summary>
    public Task ListAsync(string[] paths, bool havePaths) => PrintAsync(isRaw: false, async (transaction, output) =>
    {
        foreach (string path in paths)
        {
            foreach (string name in await Try($"could not list path {path}", () => transaction.ListAsync(path)))
                output.Append(havePaths ? path.TrimEnd('/') + "/" : "").Append(name).Append('\n');
        }
    });

    /// <summary>Writes values.</summary>
    /// <param name="pairs">Paths, each with its value behind it.</param>
    /// <param name="isRaw">Whether backslashes are no escapes.</param>
    public Task WriteAsync(string[] pairs, bool isRaw)
    {
        (string Path, ByteString Value)[] values = [.. pairs.Chunk(2).Select(p => (p[0], isRaw ? ByteString.CopyFromUtf8(p[1]) : StoreText.Unescape(p[1])))];
        string what = $"could not write path {string.Join(", ", values.Select(static v => v.Path))}";
        foreach ((string path, ByteString value) in values)
        {
            if (path.Length + 1 + value.Length > LargestMessage)
                throw new MkException(ExitCode.Usage, $"could not write path {path} (E2BIG: path and value are more than the {LargestMessage} bytes of one of Xen's messages)");
        }
        return Try(what, () => _tree.TransactAsync(transaction =>
        {
            foreach ((string path, ByteString value) in values)
                transaction.Write(path, value);
            return Task.CompletedTask;
        }));
    }

    /// <summary>Removes nodes.</summary>
    public Task RemoveAsync(string[] paths, bool isTidy) => Try($"could not remove {string.Join(' ', paths)}", () => _tree.TransactAsync(async transaction =>
    {
        foreach (string path in paths)
        {
            await Try($"could not remove path {path}", () => RemoveOneAsync(transaction, path));
            if (isTidy)
                await TidyAsync(transaction, StoreTransaction.Parent(path));
        }
    }));

    /// <summary>Sets permissions.</summary>
    public Task ChmodAsync(string path, IReadOnlyList<Permission> permissions, bool isRecursive, bool isUpwards) =>
        Try($"Error occurred setting permissions on '{path}'", () => _tree.TransactAsync(async transaction =>
        {
            await transaction.ReadAsync(path);
            transaction.SetPermissions(path, permissions, isRecursive);
            for (string above = path; isUpwards && (above = StoreTransaction.Parent(above)) != "/";)
                transaction.SetPermissions(above, permissions, includesBelow: false);
        }));

    /// <summary>What is missing counts as removed, if what is above it is there.</summary>
    private static async Task RemoveOneAsync(StoreTransaction transaction, string path)
    {
        if (path == "/")
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the root stays"));
        if (await transaction.ExistsAsync(path))
            transaction.Remove(path);
        else
            await transaction.ReadAsync(StoreTransaction.Parent(path));
    }

    private static async Task TidyAsync(StoreTransaction transaction, string path)
    {
        for (; path != "/" && await transaction.ExistsAsync(path); path = StoreTransaction.Parent(path))
        {
            if (!(await transaction.ReadAsync(path)).Value.IsEmpty || (await transaction.ListAsync(path)).Count > 0)
                return;
            transaction.Remove(path);
        }
    }

    /// <summary>Prints what was read together; after a failure, what was read before it.</summary>
    private async Task PrintAsync(bool isRaw, Func<StoreTransaction, StringBuilder, Task> read)
    {
        var output = new StringBuilder();
        try
        {
            await _tree.TransactAsync(transaction => read(transaction, output.Clear()));
        }
        finally
        {
            Print(output.ToString(), isRaw);
        }
    }

    private static void Print(string text, bool isRaw)
    {
        if (!isRaw)
        {
            Console.Out.Write(text);
            return;
        }
        using Stream output = Console.OpenStandardOutput();
        output.Write(Encoding.Latin1.GetBytes(text));
    }

    private static async Task Try(string what, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RpcException e)
        {
            throw StoreFailure.Explain(what, e);
        }
    }

    private static async Task<T> Try<T>(string what, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (RpcException e)
        {
            throw StoreFailure.Explain(what, e);
        }
    }
}
