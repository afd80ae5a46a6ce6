namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>Runs the large simulation, prints its table, and writes its picture.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        string? picture = arguments.Length > 0 ? arguments[0] : null;
        Scale.Run(picture);
        return 0;
    }
}
