using System;
using System.Threading.Tasks;

namespace Microkernel.XenStore;

/// <summary>The one thread that a server runs on.</summary>
public abstract class StoreThread
{
    /// <summary>Has the thread do something, and records what that changed before it is told as done.</summary>
    public abstract Task<T> Do<T>(Func<T> work);
}
