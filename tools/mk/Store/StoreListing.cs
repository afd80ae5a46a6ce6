using System.Linq;
using System.Text;
using Microkernel.Protos.Xenstore;

namespace Mk.Store;

/// <summary>The lines of <c>xenstore-ls</c>.</summary>
/// <param name="top">The path that is listed.</param>
/// <param name="areWhole">Paths are written in full (-f).</param>
/// <param name="havePermissions">Permissions are written (-p).</param>
public sealed class StoreListing(string top, bool areWhole, bool havePermissions)
{
    /// <summary>Dots lead up to this column.</summary>
    private const int PermissionsColumn = 60;

    private readonly int _topDepth = Depth(top);

    /// <summary>A node's line.</summary>
    public string Line(WalkedNode node)
    {
        string name = node.Path[(node.Path.LastIndexOf('/') + 1)..];
        StringBuilder line = areWhole ? new(node.Path) : new StringBuilder().Append(' ', Depth(node.Path) - _topDepth - 1).Append(name);
        line.Append(" = \"").Append(StoreText.Escape(node.Value)).Append('"');
        if (havePermissions)
            AppendPermissions(line, node);
        return line.ToString();
    }

    private static int Depth(string path) => path == "/" ? 0 : path.Count(static c => c == '/');

    private void AppendPermissions(StringBuilder line, WalkedNode node)
    {
        line.Append(' ');
        while (!areWhole && line.Length < PermissionsColumn)
            line.Append(line.Length % 2 == 0 ? ' ' : '.');
        line.Append("  (").Append(StoreText.Format(node.Permissions)).Append(')');
    }
}
