using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microkernel.Protos.Core;

namespace Microkernel.Protogen;

/// <summary>protogen DESCRIPTORS OUTPUT.cs: protoc's descriptor set, with source info, in; C# for the files that the core uses out.</summary>
public static class Program
{
    public static int Main(string[] arguments)
    {
        try
        {
            using FileStream input = File.OpenRead(arguments[0]);
            ExtensionRegistry registry = [OptionsExtensions.UsedByCore, OptionsExtensions.Max];
            FileDescriptorSet set = FileDescriptorSet.Parser.WithExtensionRegistry(registry).ParseFrom(input);
            IReadOnlyList<FileDescriptorProto> files =
                [.. set.File.Where(static f => f.Options?.GetExtension(OptionsExtensions.UsedByCore) == true)];
            File.WriteAllText(arguments[1], new Generator(files).Generate());
            return 0;
        }
        catch (UnsupportedException e)
        {
            Console.Error.WriteLine($"protogen: error: {e.Message}");
            return 1;
        }
    }
}
