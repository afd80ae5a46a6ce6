using System;
using System.Threading.Tasks;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>The caller's thread is the server's.</summary>
internal sealed class OwnThread : StoreThread
{
    public override Task<T> Do<T>(Func<T> work) => Task.FromResult(work());
}
