using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using ConsoleApi = Microkernel.Protos.Console;
using ToolstackApi = Microkernel.Protos.Toolstack;

namespace FakeQemu.Services;

/// <summary>The consoles of <see cref="FakeSystem"/>: what was typed is printed, and "bye" ends a console.</summary>
internal sealed class FakeConsole(FakeSystem system) : ConsoleApi.Console.ConsoleBase
{
    public override async Task Attach(ConsoleApi.AttachRequest request, IServerStreamWriter<ConsoleApi.Output> responseStream, ServerCallContext context)
    {
        system.Enter(context);
        for (ulong position = request.From; ; await Task.Delay(5, context.CancellationToken))
        {
            string text;
            lock (system.Lock)
                text = system.Consoles.GetValueOrDefault(request.Domain, "")[(int)position..];
            if (text.Length > 0)
                await responseStream.WriteAsync(new ConsoleApi.Output { Position = position, Data = ByteString.CopyFrom(Encoding.Latin1.GetBytes(text)) });
            position += (ulong)text.Length;
            if (!request.Follow || text.EndsWith("bye", System.StringComparison.Ordinal) || (text.Length == 0 && HasEnded(request.Domain)))
                return;
        }
    }

    public override Task<ConsoleApi.WriteResponse> Write(ConsoleApi.WriteRequest request, ServerCallContext context)
    {
        system.Enter(context);
        const int Room = 4;
        string keys = request.Data.ToString(Encoding.Latin1);
        keys = keys[..System.Math.Min(keys.Length, Room)];
        lock (system.Lock)
        {
            system.Typed += keys;
            system.Consoles[request.Domain] = system.Consoles.GetValueOrDefault(request.Domain, "") + keys;
        }
        EndAsTyped(request.Domain);
        return Task.FromResult(new ConsoleApi.WriteResponse { Written = (uint)keys.Length });
    }

    private bool HasEnded(uint domain)
    {
        lock (system.Lock)
            return !system.Guests.Exists(g => g.Domain == domain);
    }

    private void EndAsTyped(uint domain)
    {
        string text;
        lock (system.Lock)
            text = system.Consoles[domain];
        (string Word, ToolstackApi.GuestEventKind Kind)[] ends =
            [("poweroff\n", ToolstackApi.GuestEventKind.PoweredOff), ("reboot\n", ToolstackApi.GuestEventKind.Rebooted), ("crash\n", ToolstackApi.GuestEventKind.Crashed)];
        foreach ((string word, ToolstackApi.GuestEventKind kind) in ends)
        {
            if (text.EndsWith(word, System.StringComparison.Ordinal))
                system.End(domain, kind);
        }
    }
}
