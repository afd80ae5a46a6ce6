namespace Microkernel.Services.Scheduler;

/// <summary>Something that an operator wants and a policy cannot give.</summary>
/// <param name="Domain">Whose.</param>
/// <param name="What">What, and why.</param>
/// <param name="IsAdmission">There is not enough of what others have, so that asking for it is refused.</param>
public readonly record struct Unhonoured(uint Domain, string What, bool IsAdmission = false);
