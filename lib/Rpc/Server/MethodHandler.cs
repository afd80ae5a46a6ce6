using System;
using System.Threading.Tasks;

namespace Microkernel.Rpc;

/// <summary>What a service does when a method is called.</summary>
internal abstract class MethodHandler
{
    /// <summary>Serves a call; throws what it fails with.</summary>
    /// <returns>A unary call's answer; null for streams.</returns>
    internal abstract Task<ReadOnlyMemory<byte>?> ServeAsync(ServerCall call, ReadOnlyMemory<byte> request);
}
