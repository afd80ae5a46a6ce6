using Microkernel.Core.Domains;
using Microkernel.Core.Time;

namespace Microkernel.Core.Events;

/// <summary>The shared_info page as a whole.</summary>
public static class SharedInfo
{
    /// <summary>
    /// The guest's word size as seen when it sets up the hypercall page or the callback decides the layout from then on.
    /// </summary>
    public static void Latch(Domain domain, bool narrow)
    {
        if (domain.HasNarrowSharedInfo == narrow)
            return;

        using (domain.EventLock.Hold())
        {
            domain.HasNarrowSharedInfo = narrow;
            domain.Events.SetLayout(narrow);
        }

        PvClock.PublishWallClock(domain);
    }
}
