using System.Collections.Generic;
using System.Linq;
using Google.Protobuf.Reflection;

namespace Microkernel.Protogen;

/// <summary>The members of one message.</summary>
internal sealed class MessageCode(CodeText code, FileDescriptorProto file, int index, IReadOnlyList<Field> fields)
{
    // Field numbers of FileDescriptorProto and DescriptorProto, for the paths of comments.
    private const int MessagePath = 4, FieldPath = 2, ChoicePath = 8;

    private readonly DescriptorProto _message = file.MessageType[index];

    internal void Add()
    {
        // The oneofs that are left are those that somebody wrote.
        foreach (int choice in fields.Select(static f => f.Choice).Where(static c => c >= 0).Distinct())
            AddChoice(choice);
        for (int i = 0; i < fields.Count; i++)
            AddField(fields[i], Names.Comment(file, MessagePath, index, FieldPath, i));
        AddRead();
        AddSize();
        AddWrite();
    }

    private string ChoiceName(Field field) => Names.Pascal(_message.OneofDecl[field.Choice].Name);

    private void AddChoice(int choice)
    {
        string name = Names.Pascal(_message.OneofDecl[choice].Name);
        code.Add($"/// <summary>What {name} can be.</summary>\npublic enum {name}Case\n{{");
        code.Add("/// <summary>Nothing.</summary>\nNone,");
        foreach (Field field in fields.Where(f => f.Choice == choice))
            code.Add($"/// <summary>{field.Name}.</summary>\n{field.Name} = {field.Number},");
        code.Add("}\n");
        code.AddSummary(Names.Comment(file, MessagePath, index, ChoicePath, choice), "Which of them is there.");
        code.Add($"public {name}Case {name};\n");
    }

    private void AddField(Field field, string comment)
    {
        if (field.HasPresence)
            code.Add($"/// <summary>Whether {field.Name} is there.</summary>\npublic bool Has{field.Name};\n");
        if (field.IsRepeated)
        {
            code.Add($"/// <summary>How many {field.Name} there are.</summary>\npublic int {field.Name}Count;\n");
            code.Add($"/// <summary>Room for {field.Name}.</summary>\n[InlineArray({field.Max})]\npublic struct {field.Name}Array\n{{\nprivate {field.Type} _first;\n}}\n");
        }

        code.AddSummary(comment, field.Name);
        code.Add($"public {(field.IsRepeated ? field.Name + "Array" : field.Type)} {field.Name};\n");
    }

    private void AddRead()
    {
        code.Add($$"""
            /// <summary>Reads a message; false if it is malformed or has more of something than it may.</summary>
            public static bool TryRead(ReadOnlySpan<byte> bytes, out {{_message.Name}} message)
            {
            MessageReader reader = new(bytes);
            {{_message.Name}} read = default;
            bool isGood = read.Merge(ref reader);
            message = read;
            return isGood;
            }

            /// <summary>Reads fields into this message until the end; false as for TryRead.</summary>
            public bool Merge(ref MessageReader reader)
            {
            while (reader.TryReadTag(out uint tag))
            {
            switch (tag)
            {
            """);
        foreach (Field field in fields)
            AddCases(field);
        code.Add("default:\nreader.Skip(tag);\nbreak;\n}\n}\n\nreturn !reader.HasFailed;\n}\n");
    }

    private void AddCases(Field field)
    {
        code.Add($"case {field.Tag}:\n{{");
        if (field.Choice >= 0)
            code.Add($"if ({ChoiceName(field)} != {ChoiceName(field)}Case.{field.Name})\n{{\n{field.Name} = default;\n}}\n\n{ChoiceName(field)} = {ChoiceName(field)}Case.{field.Name};");
        if (field.HasPresence)
            code.Add($"Has{field.Name} = true;");
        if (field.IsRepeated)
            AddBound(field, "break;");
        string target = field.IsRepeated ? $"{field.Name}[{field.Name}Count++]" : field.Name;
        code.Add(field.IsMessage
            ? $"MessageReader inner = reader.ReadMessage();\nif (!{target}.Merge(ref inner))\n{{\nreader.Fail();\n}}\n"
            : $"{target} = {field.Read("reader")};");
        code.Add("break;\n}\n");
        if (field.IsNumbers)
            AddPackedCase(field);
    }

    private void AddPackedCase(Field field)
    {
        code.Add($"case {field.PackedTag}:\n{{\nMessageReader inner = reader.ReadMessage();\nwhile (!inner.IsAtEnd && !inner.HasFailed)\n{{");
        AddBound(field, "break;");
        code.Add($"{field.Name}[{field.Name}Count++] = {field.Read("inner")};\n}}\n\nif (inner.HasFailed)\n{{\nreader.Fail();\n}}\n\nbreak;\n}}\n");
    }

    private void AddBound(Field field, string leave) =>
        code.Add($"if ({field.Name}Count == {field.Max})\n{{\nreader.Fail();\n{leave}\n}}\n");

    private void AddSize()
    {
        code.Add("/// <summary>The bytes that it takes when written.</summary>\npublic readonly int Size()\n{\nint size = 0;");
        foreach (Field field in fields.OrderBy(static f => f.Number))
        {
            code.Add($"if ({Condition(field)})\n{{");
            if (field.IsPacked)
                code.Add($"int packed = PackedSizeOf{field.Name}();\nsize += {field.TagSize} + MessageWriter.SizeOf((uint)packed) + packed;");
            else if (field.IsRepeated)
                code.Add($"for (int i = 0; i < {field.Name}Count; i++)\n{{\nsize += {field.TagSize} + {field.Size($"{field.Name}[i]")};\n}}");
            else
                code.Add($"size += {field.TagSize} + {field.Size(field.Name)};");
            code.Add("}\n");
        }

        code.Add("return size;\n}\n");
        foreach (Field field in fields.Where(static f => f.IsPacked))
        {
            code.Add($"private readonly int PackedSizeOf{field.Name}()\n{{\nint size = 0;");
            code.Add($"for (int i = 0; i < {field.Name}Count; i++)\n{{\nsize += {field.Size($"{field.Name}[i]")};\n}}\n\nreturn size;\n}}\n");
        }
    }

    private void AddWrite()
    {
        code.Add($$"""
            /// <summary>Writes the message; false if it does not fit or has more of something than it may.</summary>
            public readonly bool TryWrite(Span<byte> destination, out int length)
            {
            MessageWriter writer = new(destination);
            length = 0;
            if (!IsWithinBounds())
            {
            return false;
            }

            Write(ref writer);
            length = writer.Length;
            return !writer.HasFailed;
            }

            /// <summary>Writes the fields; what does not fit makes the writer fail.</summary>
            public readonly void Write(ref MessageWriter writer)
            {
            """);
        foreach (Field field in fields.OrderBy(static f => f.Number))
        {
            code.Add($"if ({Condition(field)})\n{{");
            if (field.IsPacked)
                code.Add($"writer.WriteVarint({field.PackedTag});\nwriter.WriteVarint((uint)PackedSizeOf{field.Name}());");
            if (field.IsRepeated)
                code.Add($"for (int i = 0; i < {field.Name}Count; i++)\n{{");
            if (!field.IsPacked)
                code.Add($"writer.WriteVarint({field.Tag});");
            code.Add(field.Write(field.IsRepeated ? $"{field.Name}[i]" : field.Name));
            code.Add(field.IsRepeated ? "}\n}\n" : "}\n");
        }

        code.Add("}\n");
        AddBounds();
    }

    /// <summary>The lengths and counts that the caller set: looked at before anything is written or measured.</summary>
    private void AddBounds()
    {
        code.Add("/// <summary>Whether nothing is more than it may be.</summary>\npublic readonly bool IsWithinBounds()\n{");
        foreach (Field field in fields)
        {
            if (field.IsRepeated)
                code.Add($"if ((uint){field.Name}Count > {field.Max})\n{{\nreturn false;\n}}\n");
            if (field.IsBytes)
                code.Add($"if ({field.Name}.Length > {field.Max})\n{{\nreturn false;\n}}\n");
            if (field is { IsMessage: true, IsRepeated: false })
                code.Add($"if ({Condition(field)} && !{field.Name}.IsWithinBounds())\n{{\nreturn false;\n}}\n");
            if (field is { IsMessage: true, IsRepeated: true })
                code.Add($"for (int i = 0; i < {field.Name}Count; i++)\n{{\nif (!{field.Name}[i].IsWithinBounds())\n{{\nreturn false;\n}}\n}}\n");
        }

        code.Add("return true;\n}");
    }

    private string Condition(Field field)
    {
        if (field.Choice >= 0)
            return $"{ChoiceName(field)} == {ChoiceName(field)}Case.{field.Name}";
        if (field.HasPresence)
            return $"Has{field.Name}";
        return field.IsRepeated ? $"{field.Name}Count > 0" : field.IsSet(field.Name);
    }
}
