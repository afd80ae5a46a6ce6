using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.XenStore.Tests.Support;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>The tree the naive way: every path with its node, every operation as xenstore.txt says it.</summary>
internal sealed class ModelTree
{
    private readonly SortedDictionary<string, ModelNode> _nodes = new(StringComparer.Ordinal);

    internal ModelTree() => _nodes["/"] = new ModelNode("", [(0, 'r')]);

    private ModelTree(ModelTree other) => _nodes = new(other._nodes, StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, ModelNode> Nodes => _nodes;

    internal ModelTree Copy() => new(this);

    internal static string Parent(string path) => path.LastIndexOf('/') == 0 ? "/" : path[..path.LastIndexOf('/')];

    internal static bool IsAtOrBelow(string path, string top) => top == "/" || path == top || path.StartsWith(top + "/", StringComparison.Ordinal);

    internal ModelNode? Find(string path) => _nodes.GetValueOrDefault(path);

    /// <summary>Does an operation on somebody's behalf; <paramref name="changed"/> is the path whose change others hear of.</summary>
    internal Answer Do(ModelCaller caller, ModelOperation operation, out string? changed)
    {
        changed = null;
        switch (operation.Type)
        {
            case MessageType.Read:
                return Look(caller, operation.Path, static node => node.Value);
            case MessageType.GetPermissions:
                return Look(caller, operation.Path, static node => string.Concat(node.Permissions.Select(static p => $"{p.Access}{p.Domain}\0")));
            case MessageType.Directory:
                return Look(caller, operation.Path, _ => string.Concat(Children(operation.Path).Select(static c => c + "\0")));
            case MessageType.Write or MessageType.MakeDirectory:
                return Make(caller, operation, out changed);
            case MessageType.Remove:
                return Remove(caller, operation.Path, out changed);
            case MessageType.SetPermissions:
                return SetPermissions(caller, operation, out changed);
            default:
                throw new ArgumentException($"the model does not know {operation.Type}");
        }
    }

    private IEnumerable<string> Children(string path)
    {
        string prefix = path == "/" ? "/" : path + "/";
        return _nodes.Keys.Where(k => k != "/" && k.StartsWith(prefix, StringComparison.Ordinal) && !k[prefix.Length..].Contains('/'))
            .Select(k => k[prefix.Length..]);
    }

    private Answer Look(ModelCaller caller, string path, Func<ModelNode, string> what)
    {
        if (Find(path) is not { } node)
            return Missing(caller, path, 'r');
        return caller.May(node, 'r') ? new Answer(null, what(node)) : Answer.Failed("EACCES");
    }

    private Answer Missing(ModelCaller caller, string path, char wanted) =>
        Answer.Failed(caller.May(Nearest(path), wanted) ? "ENOENT" : "EACCES");

    private ModelNode Nearest(string path)
    {
        while (Find(path) is null)
            path = Parent(path);
        return _nodes[path];
    }

    private Answer Make(ModelCaller caller, ModelOperation operation, out string? changed)
    {
        changed = null;
        ModelNode? node = Find(operation.Path);
        if (!caller.May(node ?? Nearest(operation.Path), 'w'))
            return Answer.Failed("EACCES");
        if (node is not null && operation.Type == MessageType.MakeDirectory)
            return Answer.Ok;
        if (node is null)
            MakeWithParents(caller, operation.Path);
        if (operation.Type == MessageType.Write)
            _nodes[operation.Path] = _nodes[operation.Path] with { Value = operation.Value };
        changed = operation.Path;
        return Answer.Ok;
    }

    private void MakeWithParents(ModelCaller caller, string path)
    {
        string parent = Parent(path);
        if (Find(parent) is null)
            MakeWithParents(caller, parent);
        List<(int, char)> permissions = [.. _nodes[parent].Permissions];
        if (!caller.IsPrivileged)
            permissions[0] = (caller.Domain, permissions[0].Item2);
        _nodes[path] = new ModelNode("", permissions);
    }

    private Answer Remove(ModelCaller caller, string path, out string? changed)
    {
        changed = null;
        if (path == "/")
            return Answer.Failed("EINVAL");
        if (Find(path) is not { } node)
            return Find(Parent(path)) is not null ? Answer.Ok : Missing(caller, path, 'w');
        if (!caller.May(node, 'w'))
            return Answer.Failed("EACCES");
        foreach (string gone in _nodes.Keys.Where(k => IsAtOrBelow(k, path)).ToList())
            _nodes.Remove(gone);
        changed = path;
        return Answer.Ok;
    }

    private Answer SetPermissions(ModelCaller caller, ModelOperation operation, out string? changed)
    {
        changed = null;
        if (Find(operation.Path) is not { } node)
            return Missing(caller, operation.Path, 'w');
        if (!caller.Owns(node))
            return Answer.Failed("EACCES");
        if (!caller.IsPrivileged && operation.Permissions[0].Domain != node.Permissions[0].Domain)
            return Answer.Failed("EPERM");
        _nodes[operation.Path] = node with { Permissions = operation.Permissions };
        changed = operation.Path;
        return Answer.Ok;
    }
}
