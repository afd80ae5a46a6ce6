namespace Microkernel.Core.Hypercalls;

public static class PhysicalDeviceOperations
{
    public static readonly SubOperation[] Table = [];
}
