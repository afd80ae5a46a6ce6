using System;
using System.IO;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>A journal in two files of a folder.</summary>
internal sealed class FileJournalDevice : JournalDevice
{
    private const int GrowthStep = 1 << 20;

    private readonly MappedFile[] _halves;

    internal FileJournalDevice(string folder)
    {
        Directory.CreateDirectory(folder);
        _halves = [new MappedFile(Path.Combine(folder, "journal.0")), new MappedFile(Path.Combine(folder, "journal.1"))];
    }

    public override int LargestHalf => int.MaxValue & -GrowthStep;

    public override Span<byte> Half(int index) => _halves[index].Bytes;

    public override bool TryGrow(int index, int size)
    {
        long wanted = Math.Max(2L * _halves[index].Bytes.Length, size + GrowthStep - 1L & -GrowthStep);
        try
        {
            _halves[index].Resize((int)Math.Min(wanted, LargestHalf));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public override void Dispose()
    {
        foreach (MappedFile half in _halves)
            half.Dispose();
    }
}
