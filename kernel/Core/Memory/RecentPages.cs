namespace Microkernel.Core.Memory;

/// <summary>
/// The pages a vCPU's kernel named since its last exit, with their frames. As with the CPU's own TLB, a translation may
/// be used until the guest flushes it, and the vCPU executes nothing until it is entered again. The caller of every
/// method holds <see cref="Physmap.Lock"/>.
/// </summary>
public sealed class RecentPages
{
    private const int Size = 4;
    private const ulong PageMask = 0xFFF;

    private readonly Entry[] _entries = new Entry[Size];
    private ulong _exit = 1;
    private ulong _generation;

    /// <summary>The vCPU is entered: nothing holds any more.</summary>
    public void Forget() => _exit++;

    /// <summary>The frame behind a page that was translated, for writing too if asked; 0 if it must be translated (again).</summary>
    public ulong Recall(Physmap physmap, ulong gva, bool forWriting)
    {
        if (_generation != physmap.Generation)
        {
            _generation = physmap.Generation;
            _exit++;
        }

        ref readonly Entry entry = ref Find(gva);
        return entry.Exit == _exit && entry.Page == (gva & ~PageMask) && (entry.IsWritable || !forWriting) ? entry.Mfn : 0;
    }

    /// <summary>Remembers a translation.</summary>
    public void Remember(ulong gva, ulong mfn, bool isWritable) =>
        Find(gva) = new Entry { Exit = _exit, Page = gva & ~PageMask, Mfn = mfn, IsWritable = isWritable };

    private ref Entry Find(ulong gva) => ref _entries[(int)(gva >> 12) & (Size - 1)];

    private struct Entry
    {
        public ulong Exit;
        public ulong Page;
        public ulong Mfn;
        public bool IsWritable;
    }
}
