using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;

namespace Mk.Store;

/// <summary>
/// What is read and changed together. Of its own changes it sees only removals; there is nothing that would need more.
/// </summary>
public sealed class StoreTransaction
{
    private readonly StoreTree _tree;
    private readonly HashSet<string> _removed = [];

    internal StoreTransaction(StoreTree tree) => _tree = tree;

    /// <summary>What was read, and what is to be changed.</summary>
    internal CommitRequest Commit { get; } = new();

    /// <summary>The path above another one.</summary>
    public static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";

    /// <summary>A node.</summary>
    /// <exception cref="RpcException">There is none.</exception>
    public async Task<WalkedNode> ReadAsync(string path) => (await LookAsync(path, depth: 0))[0];

    /// <summary>The names of a node's children.</summary>
    /// <exception cref="RpcException">There is no such node.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(string path) =>
        [.. (await LookAsync(path, depth: 1)).Skip(1).Select(static n => n.Path).Where(p => !_removed.Contains(p)).Select(static p => p[(p.LastIndexOf('/') + 1)..])];

    /// <summary>Whether a node is there.</summary>
    public async Task<bool> ExistsAsync(string path)
    {
        try
        {
            await ReadAsync(path);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Gives a node a value, and makes it first if necessary.</summary>
    public void Write(string path, ByteString value) => Commit.Changes.Add(new Change { Path = path, Write = value });

    /// <summary>Removes a node and everything below it.</summary>
    public void Remove(string path)
    {
        _removed.Add(path);
        Commit.Changes.Add(new Change { Path = path, Remove = new Remove() });
    }

    /// <summary>Changes a node's permissions, and those of everything below it if wanted.</summary>
    public void SetPermissions(string path, IEnumerable<Permission> permissions, bool includesBelow) => Commit.Changes.Add(new Change
    {
        Path = path,
        SetPermissions = new PermissionList { Permissions = { permissions }, IncludesBelow = includesBelow },
    });

    private async Task<List<WalkedNode>> LookAsync(string path, uint depth)
    {
        if (IsRemoved(path))
            throw new RpcException(new Status(StatusCode.NotFound, $"there is no node {path}"));
        List<WalkedNode> nodes = [];
        await foreach (WalkPart part in _tree.WalkAsync(path, depth))
        {
            nodes.AddRange(part.Nodes);
            // The first look is the oldest one.
            if (Commit.BaseGeneration == 0)
                Commit.BaseGeneration = part.Generation;
        }
        Commit.ReadPaths.Add(path);
        return nodes;
    }

    private bool IsRemoved(string path) => _removed.Any(r => path == r || path.StartsWith(r + "/", StringComparison.Ordinal));
}
