using System;
using System.Collections.Generic;
using System.Linq;
using Google.Protobuf.Reflection;

namespace Microkernel.Protogen;

/// <summary>C#'s names for those of protobuf, as protoc makes them too.</summary>
internal static class Names
{
    private const string ProtosNamespace = "Microkernel.Protos.";

    /// <summary>snake_case or UPPER_CASE as PascalCase.</summary>
    internal static string Pascal(string name) =>
        string.Concat(name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(static w => char.ToUpperInvariant(w[0]) + w[1..]));

    /// <summary>An enum's value without the enum's name before it.</summary>
    internal static string EnumValue(string enumName, string value)
    {
        string prefix = string.Concat(enumName.Select(static (c, i) => (i > 0 && char.IsUpper(c) ? "_" : "") + char.ToUpperInvariant(c))) + "_";
        string rest = value.StartsWith(prefix, StringComparison.Ordinal) ? value[prefix.Length..] : value;
        return Pascal(rest.ToLowerInvariant());
    }

    /// <summary>The namespace of a file's messages in the core.</summary>
    internal static string Namespace(FileDescriptorProto file) =>
        file.Options.CsharpNamespace.StartsWith(ProtosNamespace, StringComparison.Ordinal)
            ? "Microkernel.Messages." + file.Options.CsharpNamespace[ProtosNamespace.Length..]
            : throw new UnsupportedException($"{file.Name}: csharp_namespace must start with {ProtosNamespace}");

    /// <summary>The comment before what a path of a file leads to.</summary>
    internal static string Comment(FileDescriptorProto file, params IEnumerable<int> path) =>
        file.SourceCodeInfo?.Location.FirstOrDefault(l => l.Path.SequenceEqual(path))?.LeadingComments.Trim() ?? "";
}
