using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Console;

public static class ConsoleOperations
{
    public static readonly SubOperation[] Table = [];
}
