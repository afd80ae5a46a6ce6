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
}
