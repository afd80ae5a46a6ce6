using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

public static class ExitHandler
{
    public static void Handle(Vcpu vcpu, ref VmExit exit)
    {
    }
}
