using System;
using System.Threading;
using Microkernel.Xen;

namespace Microkernel.Services;

/// <summary>
/// Has the hypervisor end this domain when the service no longer works: the watchdog is set again only while a check, made on a thread
/// of its own, returns true in time.
/// </summary>
public sealed class Watchdog : IDisposable
{
    private readonly ManualResetEventSlim _over = new();
    private readonly OwnCalls _calls;
    private readonly uint _seconds;
    private readonly Func<bool> _isWell;
    private readonly ServiceLog _log;
    private readonly uint _id;
    private readonly Thread _thread;

    internal Watchdog(OwnCalls calls, ServiceLog log, TimeSpan limit, Func<bool> isWell)
    {
        _calls = calls;
        _log = log;
        _isWell = isWell;
        _seconds = (uint)Math.Max(2, Math.Ceiling(limit.TotalSeconds));
        _id = calls.SetWatchdog(0, _seconds);
        _thread = new Thread(Run) { IsBackground = true, Name = "watchdog" };
        _thread.Start();
    }

    /// <summary>Removes the watchdog.</summary>
    public void Dispose()
    {
        if (_over.IsSet)
            return;
        _over.Set();
        _thread.Join();
        _calls.SetWatchdog(_id, 0);
    }

    private void Run()
    {
        TimeSpan pause = TimeSpan.FromSeconds(_seconds / 3.0);
        while (!_over.Wait(pause))
        {
            if (_isWell())
                _calls.SetWatchdog(_id, _seconds);
            else
                _log.Error("the service does not answer its watchdog");
        }
    }
}
