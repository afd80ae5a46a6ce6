namespace Microkernel.CoreLibTests.Checks;

/// <summary>Every check, in a fixed order.</summary>
public static class AllChecks
{
    /// <summary>Runs them.</summary>
    public static void Run(Report report)
    {
        DispatchChecks.Run(report);
        LanguageChecks.Run(report);
        SpanChecks.Run(report);
        NumberChecks.Run(report);
        AtomicChecks.Run(report);
        RingChecks.Run(report);
        MessageChecks.Run(report);
    }
}
