using System;
using System.Threading;
using System.Threading.Tasks;

namespace Microkernel.Services.QemuDm;

/// <summary>The console of one guest: takes what it writes, keeps the newest of it for whoever wants to read, and gives it keys.</summary>
internal sealed class GuestConsole : IDisposable
{
    /// <summary>Rings' worth of output taken before other guests have their turn.</summary>
    private const int TakesAtOnce = 8;

    /// <summary>When a guest that writes too much is looked at again.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly byte[] _taken = new byte[ConsolePage.OutputSize];
    private readonly Scrollback _scrollback;
    private readonly OutputBudget _budget;
    private readonly ConsoleLink _link;
    private readonly ConsolePage _page;
    private readonly ITimer _again;
    private TaskCompletionSource _news = NewSource();
    private bool _isOver;
    private bool _isWaiting;

    /// <summary>Opens a console.</summary>
    /// <param name="identity">Whose.</param>
    /// <param name="links">What reaches it.</param>
    /// <param name="before">The same console over another port, whose output goes on here.</param>
    /// <param name="limits">How much is kept, and the clock.</param>
    internal GuestConsole(ConsoleIdentity identity, IConsoleLinks links, GuestConsole? before, ConsoleLimits limits)
    {
        Identity = identity;
        _budget = new OutputBudget(limits.Time);
        _again = limits.Time.CreateTimer(_ => Resume(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // The link may notify before it is known here.
        lock (_lock)
        {
            _link = links.Open(identity.Domain, identity.GrantReference, identity.RemotePort, Serve);
            _page = new ConsolePage(_link.Page);
            _scrollback = before?._scrollback ?? new Scrollback(limits.Scrollback, _page.OutputTaken);
        }

        Serve();
    }

    /// <summary>Whose it is.</summary>
    internal ConsoleIdentity Identity { get; }

    /// <summary>How often the guest broke the protocol.</summary>
    internal int Faults => _page.Faults;

    /// <summary>Takes what the guest has written.</summary>
    internal void Serve()
    {
        lock (_lock)
        {
            if (_isOver || _isWaiting)
                return;
            for (int i = 0; i < TakesAtOnce; i++)
            {
                if (!_budget.HasAny())
                    break;
                if (!TakeSome())
                    return;
            }

            // There may be more: after the others, or when it is due.
            _isWaiting = true;
            _again.Change(_budget.HasAny() ? TimeSpan.Zero : Breath, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Gives the guest keys.</summary>
    /// <returns>How many it had room for.</returns>
    internal int Write(ReadOnlySpan<byte> keys)
    {
        lock (_lock)
        {
            if (_isOver)
                return 0;
            int given = _page.Give(_link.Page, keys);
            if (given > 0)
                _link.Notify();
            return given;
        }
    }

    /// <summary>Reads output from a position, or from the oldest that is kept if that is not there.</summary>
    /// <param name="position">Null for the oldest.</param>
    /// <param name="destination">Where it goes.</param>
    /// <returns>Where the bytes are in the output, how many, and what ends when there may be more; null if there will be none.</returns>
    internal (ulong Position, int Length, Task? News) Read(ulong? position, Span<byte> destination)
    {
        lock (_lock)
        {
            (ulong start, int length) = _scrollback.Read(position ?? _scrollback.Start, destination);
            bool isLast = _isOver && start + (ulong)length == _scrollback.End;
            return (start, length, isLast ? null : length > 0 ? Task.CompletedTask : _news.Task);
        }
    }

    /// <summary>Takes what is left, and lets go of the guest. Who reads gets the rest, and then the end.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            // The last words of a guest that crashed.
            TakeSome();
            _isOver = true;
            _again.Dispose();
            _link.Dispose();
            _news.TrySetResult();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Resume()
    {
        lock (_lock)
            _isWaiting = false;
        Serve();
    }

    private bool TakeSome()
    {
        uint before = _page.OutputTaken;
        int length = _page.Take(_link.Page, _taken);
        uint advance = _page.OutputTaken - before;
        if (advance == 0)
            return false;
        if (length == 0)
            _scrollback.Skip(advance);
        else
            _scrollback.Append(_taken.AsSpan(0, length));
        // A page whose indices make no sense costs time, too.
        _budget.Use(Math.Max(length, 64));
        _link.Notify();
        _news.TrySetResult();
        _news = NewSource();
        return true;
    }
}
