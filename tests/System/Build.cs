using NUnit.Framework;

namespace Mk.SystemTests;

/// <summary>Makes what the tests boot, once, before the first of them.</summary>
[SetUpFixture]
public sealed class Build
{
    [OneTimeSetUp]
    public void MakeCoreAndGuests()
    {
        CoreImage.Ensure();
        TestGuests.Build();
    }
}
