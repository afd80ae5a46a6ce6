using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Protos.Toolstack;
using Microkernel.Services.Toolstack.Content;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>A guest from the moment that its name is taken until nothing of it is left, over restarts of its domain.</summary>
internal sealed class Guest
{
    private readonly Lock _lock = new();
    private IReadOnlyList<PinnedContent> _contents = [];
    private volatile GuestRecord _record;
    private TaskCompletionSource _end = NewEnd();
    private CancellationTokenSource? _build;

    internal Guest(GuestRecord record) => _record = record;

    /// <summary>What is known of it. Never changes: a change replaces it.</summary>
    internal GuestRecord Record => _record;

    internal string Name => _record.Config.Name;

    internal uint Domain => _record.Domain;

    internal GuestPhase Phase => _record.Phase;

    /// <summary>Who holds it may change the guest.</summary>
    internal SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Ends when the guest's domain has ended and what was to be done about it is done.</summary>
    internal Task End
    {
        get
        {
            lock (_lock)
                return _end.Task;
        }
    }

    /// <summary>Changes what is known of it.</summary>
    internal GuestRecord Change(Action<GuestRecord> change)
    {
        lock (_lock)
        {
            GuestRecord changed = _record.Clone();
            change(changed);
            return _record = changed;
        }
    }

    /// <summary>Those who wait for the end go on.</summary>
    internal void SayEnd()
    {
        lock (_lock)
        {
            _end.TrySetResult();
            _end = NewEnd();
        }
    }

    /// <summary>A build begins, which <see cref="CancelBuild"/> ends.</summary>
    internal CancellationTokenSource BeginBuild(CancellationToken cancellation)
    {
        lock (_lock)
            return _build = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    internal void EndBuild()
    {
        lock (_lock)
        {
            _build?.Dispose();
            _build = null;
        }
    }

    internal void CancelBuild()
    {
        lock (_lock)
            _build?.Cancel();
    }

    /// <summary>Keeps files for as long as the guest is there, in place of others.</summary>
    internal void Keep(IReadOnlyList<PinnedContent> contents)
    {
        IReadOnlyList<PinnedContent> before;
        lock (_lock)
            (before, _contents) = (_contents, contents);
        foreach (PinnedContent content in before)
            content.Dispose();
    }

    /// <summary>Lets go of its files.</summary>
    internal void ReleaseContents() => Keep([]);

    private static TaskCompletionSource NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
