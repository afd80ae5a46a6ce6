using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using ConsoleApi = Microkernel.Protos.Console;

namespace Mk.Control;

/// <summary>
/// A guest's console: what it has printed and prints, and keys for it. Goes on where it was when a service that carries it is
/// restarted.
/// </summary>
public sealed class ConsoleSession
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BreakLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan KeysAgainAfter = TimeSpan.FromMilliseconds(20);

    private readonly SystemConnection _system;
    private readonly uint _domain;
    private readonly Action<ReadOnlyMemory<byte>> _output;
    private ulong? _next;

    /// <summary>Attaches to a domain's console.</summary>
    /// <param name="system">The system.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="output">Receives what it prints, the scrollback first.</param>
    public ConsoleSession(SystemConnection system, uint domain, Action<ReadOnlyMemory<byte>> output) =>
        (_system, _domain, _output) = (system, domain, output);

    /// <summary>Hands on output until the domain is no more, or the wait is cancelled.</summary>
    /// <exception cref="RpcException">The console cannot be reached any more.</exception>
    /// <exception cref="IOException">The output cannot be written any more.</exception>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        long broken = 0;
        while (true)
        {
            try
            {
                await FollowAsync(() => broken = 0, cancellation);
                return;
            }
            catch (RpcException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable || (e.StatusCode == StatusCode.NotFound && broken != 0))
            {
                // The service that comes back knows its consoles a little later than its peers know it.
                broken = broken == 0 ? Environment.TickCount64 : broken;
                if (Environment.TickCount64 - broken > BreakLimit.TotalMilliseconds)
                    throw;
                await Task.Delay(AgainAfter, CancellationToken.None);
            }
        }
    }

    /// <summary>Types to the domain. Keys wait while it does not take them.</summary>
    /// <exception cref="RpcException">The console cannot be reached.</exception>
    public async Task TypeAsync(ReadOnlyMemory<byte> keys, CancellationToken cancellation)
    {
        const int LargestPart = 1024;
        while (!keys.IsEmpty)
        {
            try
            {
                ReadOnlyMemory<byte> part = keys[..Math.Min(keys.Length, LargestPart)];
                var request = new ConsoleApi.WriteRequest { Domain = _domain, Data = ByteString.CopyFrom(part.Span) };
                ConsoleApi.WriteResponse answer = await _system.Consoles.WriteAsync(request, new CallOptions(cancellationToken: cancellation));
                keys = keys[(int)Math.Min(answer.Written, (uint)keys.Length)..];
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.ResourceExhausted or StatusCode.Unavailable)
            {
                await Task.Delay(KeysAgainAfter, cancellation);
            }
        }
    }

    private async Task FollowAsync(Action arrived, CancellationToken cancellation)
    {
        var request = new ConsoleApi.AttachRequest { Domain = _domain, Follow = true };
        if (_next is { } from)
            request.From = from;
        using AsyncServerStreamingCall<ConsoleApi.Output> call = _system.Consoles.Attach(request, new CallOptions(cancellationToken: cancellation));
        while (await call.ResponseStream.MoveNext(cancellation))
        {
            arrived();
            Take(call.ResponseStream.Current);
        }
    }

    /// <summary>Positions may have lost their upper half in a restart: what was shown already is told by the lower one.</summary>
    private void Take(ConsoleApi.Output output)
    {
        uint length = (uint)output.Data.Length;
        uint shown = _next is { } expected ? unchecked((uint)(expected - output.Position)) : 0;
        // Further on than expected: what lies between is lost.
        if (shown > int.MaxValue)
            shown = 0;
        if (shown > length)
            return;
        _next = output.Position + length;
        if (length > shown)
            _output(output.Data.Memory[(int)shown..]);
    }
}
