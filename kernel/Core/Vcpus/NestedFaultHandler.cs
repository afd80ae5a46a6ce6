using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

public static class NestedFaultHandler
{
    public static void Handle(Vcpu vcpu, in VmExit exit)
    {
        ExitHandler.Crash(vcpu, "memory access"u8, in exit);
    }
}
