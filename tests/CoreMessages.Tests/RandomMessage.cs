using System;
using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microkernel.Protos.Core;

namespace Microkernel.Messages.Tests;

/// <summary>Messages of Google's library with random contents, within the bounds that the core has.</summary>
internal sealed class RandomMessage(Random random)
{
    /// <summary>Sets about two thirds of a message's fields.</summary>
    internal IMessage Fill(IMessage message)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (random.Next(3) == 0)
                continue;
            if (!field.IsRepeated)
            {
                field.Accessor.SetValue(message, Value(field));
                continue;
            }

            var list = (IList)field.Accessor.GetValue(message);
            for (int i = random.Next(Max(field) + 1); i > 0; i--)
                list.Add(Value(field));
        }

        return message;
    }

    private static int Max(FieldDescriptor field) => (int)field.GetOptions().GetExtension(OptionsExtensions.Max);

    private object Value(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.UInt32 or FieldType.Fixed32 => (uint)Number(),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)Number(),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)Number(),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Number(),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Enum => (int)Number(),
        FieldType.String => new string('x', random.Next(Max(field) + 1)),
        FieldType.Bytes => ByteString.CopyFrom(Bytes(random.Next(Math.Min(Max(field), 500) + 1))),
        _ => Fill(field.MessageType.Parser.ParseFrom([])),
    };

    /// <summary>Of all sizes alike.</summary>
    private long Number() => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
