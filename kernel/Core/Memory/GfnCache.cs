namespace Microkernel.Core.Memory;

public sealed class GfnCache
{
}
