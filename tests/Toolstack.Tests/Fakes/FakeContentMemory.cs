using System;
using Microkernel.Services.Toolstack.Content;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>Memory that outlives the toolstack.</summary>
internal sealed class FakeContentMemory(int size) : ContentMemory
{
    private readonly byte[] _bytes = new byte[size];

    public override Span<byte> Bytes => _bytes;
}
