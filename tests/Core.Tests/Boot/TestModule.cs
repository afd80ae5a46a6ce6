using System;
using Microkernel.Core.Boot;
using Microkernel.Core.Hardware;
using Microkernel.Core.Tests.Fakes;

namespace Microkernel.Core.Tests.Boot;

/// <summary>Makes boot modules out of arrays.</summary>
internal static class TestModule
{
    /// <summary>A module with the given content, at an address that is no start of a frame.</summary>
    public static ModuleReader Of(byte[] content)
    {
        const int offset = 0x123;
        int frames = ((content.Length + offset) / PhysicalMemory.FrameSize) + 1;
        FakeMemory memory = new(frames);
        for (int i = 0; i < content.Length; i++)
        {
            int at = i + offset;
            memory[(ulong)(at / PhysicalMemory.FrameSize)][at % PhysicalMemory.FrameSize] = content[i];
        }

        return new ModuleReader(memory, new BootModule { Address = offset, Length = (ulong)content.Length });
    }

    /// <summary>A module in a machine's memory, from frame <paramref name="first"/> on.</summary>
    public static BootModule Place(FakeMemory memory, ulong first, byte[] content)
    {
        for (int at = 0; at < content.Length; at += PhysicalMemory.FrameSize)
        {
            content.AsSpan(at, Math.Min(PhysicalMemory.FrameSize, content.Length - at)).CopyTo(memory[first + (ulong)(at / PhysicalMemory.FrameSize)]);
        }

        return new BootModule { Address = first * PhysicalMemory.FrameSize, Length = (ulong)content.Length };
    }
}
