using System;
using Google.Protobuf.Reflection;
using Microkernel.Protos.Core;
using Kind = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Type;
using Label = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Label;

namespace Microkernel.Protogen;

/// <summary>A field, and the expressions that read and write one value of it.</summary>
internal sealed class Field
{
    private const int Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5;

    private readonly FieldDescriptorProto _field;

    internal Field(FieldDescriptorProto field, string message, string type)
    {
        _field = field;
        Type = type;
        Name = Names.Pascal(field.Name);
        Where = $"{message}.{field.Name}";
        if (Wire < 0)
            throw new UnsupportedException($"{Where}: the core has no {field.Type.ToString().ToLowerInvariant()}");
        if ((IsRepeated || IsBytes) && Max == 0)
            throw new UnsupportedException($"{Where}: needs a bound, (microkernel.core.v1.max)");
        if (IsRepeated && IsBytes)
            throw new UnsupportedException($"{Where}: repeated strings and bytes are not supported");
    }

    /// <summary>Its place, for messages of errors.</summary>
    internal string Where { get; }

    internal string Name { get; }

    /// <summary>The C# type of one value.</summary>
    internal string Type { get; }

    internal int Number => _field.Number;

    internal uint Max => _field.Options?.GetExtension(OptionsExtensions.Max) ?? 0;

    internal bool IsRepeated => _field.Label == Label.Repeated;

    internal bool IsMessage => _field.Type == Kind.Message;

    internal bool IsBytes => _field.Type is Kind.Bytes or Kind.String;

    /// <summary>The oneof it belongs to, or -1. An optional field has one made up by protoc.</summary>
    internal int Choice => _field.HasOneofIndex && !_field.Proto3Optional ? _field.OneofIndex : -1;

    /// <summary>Whether a word beside it says that it is there.</summary>
    internal bool HasPresence => !IsRepeated && Choice < 0 && (IsMessage || _field.Proto3Optional);

    /// <summary>The tag before a value by itself.</summary>
    internal uint Tag => (uint)(Number << 3 | Wire);

    /// <summary>The tag before all values together.</summary>
    internal uint PackedTag => (uint)(Number << 3 | Length);

    /// <summary>Repeated numbers are read from both forms.</summary>
    internal bool IsNumbers => IsRepeated && !IsMessage;

    /// <summary>And written in the form that the field asks for.</summary>
    internal bool IsPacked => IsNumbers && (_field.Options is not { HasPacked: true } || _field.Options.Packed);

    internal int TagSize => (int)Math.Log2(Number << 3) / 7 + 1;

    private int Wire => _field.Type switch
    {
        Kind.Uint32 or Kind.Uint64 or Kind.Int32 or Kind.Int64 or Kind.Sint32 or Kind.Sint64 or Kind.Bool or Kind.Enum => Varint,
        Kind.Fixed64 or Kind.Sfixed64 => Fixed64,
        Kind.Fixed32 or Kind.Sfixed32 => Fixed32,
        Kind.Message or Kind.String or Kind.Bytes => Length,
        _ => -1,
    };

    /// <summary>The C# type of a field without a name of its own.</summary>
    internal static string PlainType(Kind kind) => kind switch
    {
        Kind.Uint32 or Kind.Fixed32 => "uint",
        Kind.Uint64 or Kind.Fixed64 => "ulong",
        Kind.Int32 or Kind.Sint32 or Kind.Sfixed32 => "int",
        Kind.Int64 or Kind.Sint64 or Kind.Sfixed64 => "long",
        Kind.Bool => "bool",
        Kind.String or Kind.Bytes => "ReadOnlySpan<byte>",
        _ => "",
    };

    /// <summary>Reads a value.</summary>
    internal string Read(string reader) => _field.Type switch
    {
        Kind.Uint64 => $"{reader}.ReadVarint()",
        Kind.Bool => $"{reader}.ReadVarint() != 0",
        Kind.Enum => $"({Type})(int){reader}.ReadVarint()",
        Kind.Sint32 => $"(int)MessageReader.UnZigZag((uint){reader}.ReadVarint())",
        Kind.Sint64 => $"MessageReader.UnZigZag({reader}.ReadVarint())",
        Kind.Fixed32 or Kind.Sfixed32 => $"({Type}){reader}.ReadFixed32()",
        Kind.Fixed64 or Kind.Sfixed64 => $"({Type}){reader}.ReadFixed64()",
        Kind.String or Kind.Bytes => $"{reader}.ReadBytes({Max})",
        _ => $"({Type}){reader}.ReadVarint()",
    };

    /// <summary>Writes a value.</summary>
    internal string Write(string value) => Wire switch
    {
        Varint => $"writer.WriteVarint({Raw(value)});",
        Fixed32 => $"writer.WriteFixed32((uint){value});",
        Fixed64 => $"writer.WriteFixed64((ulong){value});",
        _ when IsMessage => $"writer.WriteVarint((uint){value}.Size());\n{value}.Write(ref writer);",
        _ => $"writer.WriteBytes({value});",
    };

    /// <summary>The size of a value, without its tag.</summary>
    internal string Size(string value) => Wire switch
    {
        Varint => $"MessageWriter.SizeOf({Raw(value)})",
        Fixed32 => "sizeof(uint)",
        Fixed64 => "sizeof(ulong)",
        _ when IsMessage => $"MessageWriter.SizeOf((uint){value}.Size()) + {value}.Size()",
        _ => $"MessageWriter.SizeOf((uint){value}.Length) + {value}.Length",
    };

    /// <summary>Whether a value is not the default, which is not sent.</summary>
    internal string IsSet(string value) => Type switch
    {
        "bool" => value,
        "ReadOnlySpan<byte>" => $"!{value}.IsEmpty",
        _ => $"{value} != 0",
    };

    private string Raw(string value) => _field.Type switch
    {
        Kind.Bool => $"{value} ? 1UL : 0",
        Kind.Sint32 => $"(uint)MessageWriter.ZigZag({value})",
        Kind.Sint64 => $"MessageWriter.ZigZag({value})",
        Kind.Int32 or Kind.Enum => $"(ulong)(int){value}",
        Kind.Int64 => $"(ulong){value}",
        _ => value,
    };
}
