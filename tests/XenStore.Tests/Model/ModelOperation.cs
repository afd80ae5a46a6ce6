using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.XenStore.Tests.Model;

/// <summary>An operation on the tree.</summary>
internal sealed record ModelOperation(MessageType Type, string Path, string Value, IReadOnlyList<(int Domain, char Access)> Permissions)
{
    internal string Payload => Type switch
    {
        MessageType.Write => Path + "\0" + Value,
        MessageType.SetPermissions => Path + "\0" + string.Concat(Permissions.Select(static p => $"{p.Access}{p.Domain}\0")),
        _ => Path + "\0",
    };

    /// <summary>Whether it can change something.</summary>
    internal bool Changes => Type is MessageType.Write or MessageType.MakeDirectory or MessageType.Remove or MessageType.SetPermissions;

    public override string ToString() => $"{Type} {Payload.Replace('\0', '|')}";
}
