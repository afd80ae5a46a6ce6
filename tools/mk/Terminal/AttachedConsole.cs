using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;

namespace Mk.Terminal;

/// <summary>A guest's console on the terminal, until Ctrl-] leaves it or the guest is no more.</summary>
public static class AttachedConsole
{
    /// <summary>Shows the console and types to it.</summary>
    /// <param name="system">The system.</param>
    /// <param name="domain">The domain.</param>
    /// <returns>Whether the operator left; otherwise the console has ended.</returns>
    public static async Task<bool> RunAsync(SystemConnection system, uint domain)
    {
        using RawTerminal? terminal = RawTerminal.TryEnter();
        using Stream output = Console.OpenStandardOutput();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(system.Cancellation);
        using var signals = new Signals(_ => leaving.Cancel());
        var session = new ConsoleSession(system, domain, bytes =>
        {
            output.Write(bytes.Span);
            output.Flush();
        });
        var keyboard = new Keyboard(1);
        KeyInput.Start(typed => Type(session, keyboard, typed, leaving));
        await session.ReadAsync(leaving.Token);
        bool hasLeft = leaving.IsCancellationRequested;
        // What the guest printed last need not have been a whole line.
        output.Write(terminal is null ? "\n"u8 : "\r\n"u8);
        return hasLeft;
    }

    private static bool Type(ConsoleSession session, Keyboard keyboard, ReadOnlyMemory<byte> typed, CancellationTokenSource leaving)
    {
        try
        {
            foreach ((_, byte[] keys) in keyboard.Type(typed.Span))
                session.TypeAsync(keys, leaving.Token).GetAwaiter().GetResult();
            if (keyboard.Left)
                leaving.Cancel();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            // The console has ended, and whoever reads it says so.
            return false;
        }
        return !keyboard.Left;
    }
}
