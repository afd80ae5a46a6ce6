using System.Collections.Generic;

namespace Microkernel.XenStore.Tests.Histories;

/// <summary>A committed transaction as its client saw it.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Reads">What it read of each item first.</param>
/// <param name="Writes">What it left in each item; it has read all of these.</param>
internal sealed record SeenTransaction(string Name, Dictionary<string, string> Reads, Dictionary<string, string> Writes);
