using System;

namespace Microkernel.Services.Memory.Building;

/// <summary>A domain cannot be built from what was asked for or given; the message says why, as it follows "the domain cannot be built:".</summary>
public sealed class BuildException(string message) : Exception(message);
