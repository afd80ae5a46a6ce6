namespace Microkernel.Core.Console;

public sealed class ConsoleMultiplexer(Kernel kernel)
{
    public Kernel Kernel { get; } = kernel;
}
