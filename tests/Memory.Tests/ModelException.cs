using System;

namespace Microkernel.Services.Memory.Tests;

/// <summary>The code under test did what it must never try, whatever it is given.</summary>
internal sealed class ModelException(string message) : Exception(message);
