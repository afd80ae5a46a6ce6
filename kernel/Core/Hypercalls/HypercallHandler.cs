namespace Microkernel.Core.Hypercalls;

/// <summary>One operation of the ABI. Returns the value for the guest's RAX: 0 or more, or a negative <see cref="Abi.XenError"/>.</summary>
public delegate long HypercallHandler(ref HypercallCall call);
