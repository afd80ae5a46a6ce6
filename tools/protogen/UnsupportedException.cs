using System;

namespace Microkernel.Protogen;

/// <summary>A message uses what the core's readers and writers do not have.</summary>
public sealed class UnsupportedException(string message) : Exception(message);
