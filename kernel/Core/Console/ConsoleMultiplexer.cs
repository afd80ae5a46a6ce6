using System;
using System.Threading;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Console;

/// <summary>
/// The guests' consoles on one UART, which is slow: they are served in pieces of bounded time, on the time of the guest that writes, or
/// between two slices. What is not served stays in the guest's ring, and the guest waits. One CPU has its turn at a time; the others do
/// not wait for it.
/// </summary>
public sealed class ConsoleMultiplexer
{
    private const ulong PiecesPerSecond = 4000;
    private const int ChunkSize = 16;
    private const int InputPerPiece = 64;

    private readonly Kernel _kernel;
    private readonly ConsoleWriter _writer;
    private readonly ConsoleInput _input;
    private readonly ulong _piece;
    private int _busy;
    private int _next;
    private bool _hasWork;
    private bool _hasInput;

    /// <summary>The multiplexer of <paramref name="kernel"/>. Only during start-up: it allocates.</summary>
    public ConsoleMultiplexer(Kernel kernel)
    {
        _kernel = kernel;
        bool isFramed = HasOption(kernel.Boot.CommandLine, "guests=com2"u8);
        _writer = new ConsoleWriter(kernel, isFramed);
        _input = new ConsoleInput(kernel, isFramed);
        _piece = kernel.Machine.TscFrequency / PiecesPerSecond;
    }

    /// <summary>Some console waits to be served, or input to be taken.</summary>
    public bool HasWork => Volatile.Read(ref _hasWork);

    /// <summary>Some console asks to be served. From anywhere.</summary>
    public void Ask() => Volatile.Write(ref _hasWork, true);

    /// <summary>Input has arrived. Called by an interrupt handler: it only leaves a note.</summary>
    public void OnInput()
    {
        Volatile.Write(ref _hasInput, true);
        Ask();
    }

    /// <summary>Takes input and serves one console that asked for it, for a bounded time. Between two slices.</summary>
    public void DoPiece()
    {
        if (!HasWork || !TryTakeTurn())
            return;

        // What is asked for from here on asks anew.
        Volatile.Write(ref _hasWork, false);
        Interlocked.MemoryBarrier();
        TakeInput();
        ServeNext();
        EndTurn();
    }

    /// <summary>Serves the console of a domain for a bounded time, unless another CPU is at it.</summary>
    public void ServeNow(Domain domain)
    {
        if (TryTakeTurn())
        {
            Serve(domain);
            EndTurn();
        }
    }

    /// <summary>Serves the console of a domain that has ended for a bounded time; true when nothing is left.</summary>
    public bool TryDrain(Domain domain)
    {
        if (!TryTakeTurn())
            return false;

        bool isEmpty = WriteOutput(domain);
        EndTurn();
        return isEmpty;
    }

    /// <summary>Writes text of a domain past its ring (console_io); false: another CPU is at it, try again.</summary>
    public bool TryWrite(Domain domain, ReadOnlySpan<byte> text)
    {
        if (!TryTakeTurn())
            return false;

        _writer.Write(domain, text);
        EndTurn();
        return true;
    }

    /// <summary>Takes the turn that everything else needs; false: another CPU has it.</summary>
    internal bool TryTakeTurn() => Interlocked.CompareExchange(ref _busy, 1, 0) == 0;

    /// <summary>Gives the turn back.</summary>
    internal void EndTurn() => Volatile.Write(ref _busy, 0);

    private static bool HasOption(ReadOnlySpan<byte> line, ReadOnlySpan<byte> option)
    {
        while (line.Length != 0)
        {
            int end = line.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = end < 0 ? line : line.Slice(0, end);
            if (word.SequenceEqual(option))
                return true;

            line = end < 0 ? default : line.Slice(end + 1);
        }

        return false;
    }

    private void ServeNext()
    {
        Domain[] slots = _kernel.Domains.Slots;
        int last = _next;
        for (int i = 1; i <= slots.Length; i++)
        {
            int slot = (last + i) % slots.Length;
            if (!slots[slot].Console.WantsService)
                continue;

            if (_next != last)
            {
                Ask();
                return;
            }

            Serve(slots[slot]);
            _next = slot;
        }
    }

    private void Serve(Domain domain)
    {
        GuestConsole console = domain.Console;
        console.BeginService();
        Interlocked.MemoryBarrier();
        bool moved = console.GiveInput();
        if (!WriteOutput(domain, ref moved))
            console.AskAgain();

        if (moved)
            console.Notify();
    }

    private bool WriteOutput(Domain domain)
    {
        bool moved = false;
        return WriteOutput(domain, ref moved);
    }

    // True when the ring is empty; false when the time is up.
    private bool WriteOutput(Domain domain, ref bool moved)
    {
        Span<byte> chunk = stackalloc byte[ChunkSize];
        ulong start = _kernel.Machine.ReadTsc();
        do
        {
            int count = domain.Console.TakeOutput(chunk);
            if (count == 0)
                return true;

            moved = true;
            _writer.Write(domain, chunk.Slice(0, count));
        }
        while (_kernel.Machine.ReadTsc() - start < _piece);
        return false;
    }

    private void TakeInput()
    {
        if (!Volatile.Read(ref _hasInput))
            return;

        Volatile.Write(ref _hasInput, false);
        Interlocked.MemoryBarrier();
        for (int i = 0; i < InputPerPiece; i++)
        {
            if (!_kernel.Machine.TryReadConsole(out byte value))
                return;

            _input.Add(value);
        }

        OnInput();
    }
}
