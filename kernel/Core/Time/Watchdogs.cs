namespace Microkernel.Core.Time;

public sealed class Watchdogs
{
    public const int PerDomain = 2;
}
