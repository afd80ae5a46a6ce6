using System;
using Microkernel.Messages.Ring;
using Microkernel.Messages.Test;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>The generated readers and writers of messages, compiled for the core.</summary>
internal static class MessageChecks
{
    internal static void Run(Report report)
    {
        Span<byte> inner = stackalloc byte[1000];
        Span<byte> bytes = stackalloc byte[1000];
        report.Line("transaction written"u8, WriteTransaction(inner, out int length) ? length : -1);
        scoped Envelope envelope = new() { CallId = 77, Content = Envelope.ContentCase.Request };
        envelope.Request.Method = "microkernel.test.v1.Dispatch/Apply"u8;
        envelope.Request.Payload = inner.Slice(0, length);
        report.Line("envelope written"u8, envelope.TryWrite(bytes, out length) ? length : -1);
        report.Line("envelope read"u8, Read(bytes.Slice(0, length)));
        for (int i = 0; i < length; i += 5)
        {
            bytes[i] ^= (byte)(i * 37 + 1);
            report.Line("damaged"u8, Read(bytes.Slice(0, length)));
            bytes[i] ^= (byte)(i * 37 + 1);
        }
    }

    private static bool WriteTransaction(Span<byte> bytes, out int length)
    {
        Transaction transaction = new() { BaseGeneration = 1UL << 40, ContextsCount = 3, SlotsCount = 1 };
        for (int i = 0; i < transaction.ContextsCount; i++)
        {
            ref SchedulingContext context = ref transaction.Contexts[i];
            context.HasVcpu = true;
            context.Vcpu.Domain = (uint)i + 1;
            context.Weight = 256;
            context.AffinityCount = 2;
            context.Affinity[1] = ulong.MaxValue;
        }

        return transaction.TryWrite(bytes, out length);
    }

    private static long Read(ReadOnlySpan<byte> bytes)
    {
        if (!Envelope.TryRead(bytes, out Envelope envelope))
            return -1;
        if (!Transaction.TryRead(envelope.Request.Payload, out Transaction transaction))
            return -2;
        long found = (long)envelope.CallId * 1000 + (long)envelope.Content * 100 + envelope.Request.Method.Length + transaction.ContextsCount;
        for (int i = 0; i < transaction.ContextsCount; i++)
            found = found * 31 + transaction.Contexts[i].Vcpu.Domain + (long)transaction.Contexts[i].Affinity[1];
        return found;
    }
}
