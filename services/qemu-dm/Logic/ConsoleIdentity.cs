namespace Microkernel.Services.QemuDm;

/// <summary>Whose console it is, and where.</summary>
internal sealed record ConsoleIdentity(uint Domain, ulong Generation, uint RemotePort, uint GrantReference);
