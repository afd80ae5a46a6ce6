namespace Microkernel.Core.Vcpus;

public static class InterruptDelivery
{
    public static void Prepare(Vcpu vcpu)
    {
    }
}
