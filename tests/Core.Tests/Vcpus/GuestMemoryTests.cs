using System;
using System.Buffers.Binary;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class GuestMemoryTests
{
    private const ulong Root = 16;
    private const ulong Target = 100;
    private const ulong TablesLimit = 64;

    private TestHost _host = null!;

    private Vcpu Vcpu => _host.Vcpu(0);

    private FakeVcpuHardware Hardware => _host.Hardware(0);

    [SetUp]
    public void Start()
    {
        _host = new TestHost(1);
        SetMode(PagingMode.FourLevels);
    }

    [TearDown]
    public void Leave()
    {
        Assert.That(_host.Machine.Frames.OpenWindows, Is.Zero, "a window is left open");
        Assert.That(_host.Domain(0).Physmap.Lock.IsHeld, Is.False);
    }

    [TestCase(PagingMode.None)]
    [TestCase(PagingMode.Legacy)]
    [TestCase(PagingMode.Pae)]
    [TestCase(PagingMode.FourLevels)]
    public void What_was_written_is_read_again(PagingMode mode)
    {
        SetMode(mode);
        ulong gva = MapOne(mode, 0x1234_5000, Target) + 0xFF8;
        MapOne(mode, 0x1234_6000, Target + 7);
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        Assert.That(GuestMemory.TryWriteBytes(Vcpu, gva, bytes), Is.True);
        byte[] back = new byte[100];
        Assert.That(GuestMemory.TryReadBytes(Vcpu, gva, back), Is.True);
        Assert.That(back, Is.EqualTo(bytes));
        ulong second = mode == PagingMode.None ? gva / 4096 + 1 : Target + 7;
        Assert.That(_host.Page(0, second).Slice(0, 92).SequenceEqual(bytes.AsSpan(8)), Is.True);
    }

    [Test]
    public void A_copy_that_ends_in_a_hole_fails()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5FFC, out ulong _), Is.False);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5FFC, out uint _), Is.True);
        Assert.That(GuestMemory.TryWrite(Vcpu, 0x5FF9, 1UL), Is.False);
    }

    [Test]
    public void No_bytes_can_be_copied_from_anywhere() =>
        Assert.That(GuestMemory.TryReadBytes(Vcpu, 0x123456, []) && GuestMemory.TryWriteBytes(Vcpu, ulong.MaxValue, []), Is.True);

    [Test]
    public void A_copy_may_end_with_its_page()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        Assert.That(GuestMemory.TryReadBytes(Vcpu, 0x5000, new byte[4096]), Is.True);
        Assert.That(GuestMemory.TryReadBytes(Vcpu, 0x5000, new byte[4097]), Is.False);
        Assert.That(GuestMemory.TryReadBytes(Vcpu, 0x5FFF, new byte[1]), Is.True);
    }

    [TestCase(0x0000_8000_0000_0000u)]
    [TestCase(0xFFFF_7FFF_FFFF_FFFFu)]
    [TestCase(0x8000_0000_0000_0000u)]
    public void A_non_canonical_address_is_refused(ulong gva) =>
        Assert.That(GuestMemory.TryRead(Vcpu, gva, out byte _), Is.False);

    [Test]
    public void The_end_of_the_address_space_is_no_way_to_its_start()
    {
        ulong last = MapOne(PagingMode.FourLevels, 0xFFFF_FFFF_FFFF_F000, Target);
        MapOne(PagingMode.FourLevels, 0, Target + 1);
        Assert.That(GuestMemory.TryRead(Vcpu, last + 0xFF8, out ulong _), Is.True);
        Assert.That(GuestMemory.TryRead(Vcpu, last + 0xFFC, out ulong _), Is.False);
    }

    [Test]
    public void An_address_above_4_GiB_does_not_exist_without_long_mode()
    {
        SetMode(PagingMode.Pae);
        MapOne(PagingMode.Pae, 0, Target);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x1_0000_0000, out byte _), Is.False);
        Assert.That(GuestMemory.TryRead(Vcpu, 0, out byte _), Is.True);
    }

    [Test]
    public void A_page_that_the_guest_made_read_only_is_not_written()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target, flags: 1);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.False);
        Hardware.Cr0Value &= ~(1UL << 16);
        Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.True, "without CR0.WP the kernel may");
    }

    [Test]
    public void A_frame_that_the_domain_may_only_read_is_not_written()
    {
        MapOne(PagingMode.FourLevels, 0x5000, 2000);
        using (_host.Domain(0).Physmap.Lock.Hold())
        {
            Assert.That(_host.Domain(0).Physmap.Map(2000, 1, 0, NestedAccess.Read, PageKind.Foreign), Is.Zero);
        }

        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.False);
    }

    [Test]
    public void Smap_keeps_user_pages_from_the_kernel_unless_it_says_so()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target, flags: 7);
        Hardware.Cr4Value |= 1UL << 21;
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.False);
        Assert.That(GuestMemory.Fetch(Vcpu, 0x5000, new byte[15]), Is.EqualTo(15), "its instructions can be read again");
        Hardware.Registers.Rflags |= 1UL << 18;
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        Vcpu.Walks.Forget();
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        Vcpu.Walks.Forget();
        Hardware.Registers.Rflags = 0;
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.False, "also for a translation that is known");
    }

    [Test]
    public void Entries_are_marked_accessed_and_dirty()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        GuestMemory.TryRead(Vcpu, 0x5000, out byte _);
        Assert.That(Entry(Root + 3, 5) & 0x60, Is.EqualTo(0x20));
        Assert.That(Entry(Root, 0) & 0x60, Is.EqualTo(0x20));
        GuestMemory.TryWrite(Vcpu, 0x5000, (byte)1);
        Assert.That(Entry(Root + 3, 5) & 0x60, Is.EqualTo(0x60));
        Assert.That(Entry(Root, 0) & 0x60, Is.EqualTo(0x20));
    }

    [Test]
    public void A_translation_is_forgotten_when_the_page_goes_away()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        using (_host.Domain(0).Physmap.Lock.Hold())
        {
            Assert.That(_host.Domain(0).Physmap.Unmap(Target, 0, out _), Is.Zero);
        }

        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.False);
    }

    [Test]
    public void A_change_of_any_entry_on_the_way_is_seen()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        for (ulong level = 0; level < 4; level++)
        {
            Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.True);
            Span<byte> entry = _host.Page(0, Root + level).Slice(level == 3 ? 40 : 0);
            entry[0] &= 0xFE;
            Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.True, "the guest has executed nothing since");
            Vcpu.Walks.Forget();
            Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.False, $"table {level}");
            entry[0] |= 1;
            Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.True);
            entry[0] &= 0xFD;
            Vcpu.Walks.Forget();
            Assert.That(GuestMemory.TryWrite(Vcpu, 0x5000, 1UL), Is.False, $"table {level}");
            entry[0] |= 2;
        }
    }

    [Test]
    public void A_page_that_moves_is_found_where_it_is()
    {
        for (ulong gfn = Target; gfn < Target + 5; gfn++)
        {
            MapOne(PagingMode.FourLevels, 0x5000, gfn);
            Vcpu.Walks.Forget();
            Assert.That(GuestMemory.TryWrite(Vcpu, 0x5010, gfn), Is.True);
            Assert.That(GuestMemory.TryRead(Vcpu, 0x5010, out ulong value), Is.True);
            Assert.That(value, Is.EqualTo(gfn));
            Assert.That(_host.Page(0, gfn)[0x10], Is.EqualTo((byte)gfn));
        }
    }

    [Test]
    public void The_dirty_bit_comes_back_after_the_guest_cleared_it()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        for (int i = 0; i < 3; i++)
        {
            GuestMemory.TryWrite(Vcpu, 0x5000, 1UL);
            Assert.That(Entry(Root + 3, 5) & 0x60, Is.EqualTo(0x60));
            _host.Page(0, Root + 3)[40] &= 0x9F;
            Vcpu.Walks.Forget();
            GuestMemory.TryRead(Vcpu, 0x5000, out ulong _);
            Assert.That(Entry(Root + 3, 5) & 0x60, Is.EqualTo(0x20), "a read marks it accessed only");
        }
    }

    [Test]
    public void Another_root_is_another_address_space()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.True);
        Vcpu.Walks.Forget();
        Hardware.Cr3Value = 50 << 12;
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out ulong _), Is.False);
        Vcpu.Walks.Forget();
        SetMode(PagingMode.None);
        Hardware.Cr3Value = Root << 12;
        _host.Page(0, 5)[0] = 0x77;
        Assert.That(GuestMemory.TryRead(Vcpu, 0x5000, out byte value), Is.True);
        Assert.That(value, Is.EqualTo(0x77), "without paging the address is physical");
    }

    [Test]
    public void An_instruction_is_fetched_as_far_as_it_is_mapped()
    {
        MapOne(PagingMode.FourLevels, 0x5000, Target);
        _host.Page(0, Target).Slice(0xFFA).Fill(0x90);
        byte[] bytes = new byte[15];
        Assert.That(GuestMemory.Fetch(Vcpu, 0x5FFA, bytes), Is.EqualTo(6));
        Assert.That(bytes.Take(6), Is.All.EqualTo(0x90));
        Assert.That(GuestMemory.Fetch(Vcpu, 0x9000, bytes), Is.Zero);
    }

    [TestCase(PagingMode.Legacy)]
    [TestCase(PagingMode.Pae)]
    [TestCase(PagingMode.FourLevels)]
    public void Random_tables_mean_what_a_naive_walk_says(PagingMode mode)
    {
        int allowed = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            SetMode(mode);
            FillTables(random);
            SetRandomState(random);
            for (int i = 0; i < 300; i++)
            {
                ulong gva = RandomAddress(random, mode);
                GuestAccess access = (GuestAccess)random.Next(2);
                ulong? expected = NaiveWalk(mode, gva, access == GuestAccess.Write);
                using TicketLock.Holder held = _host.Domain(0).Physmap.Lock.Hold();
                bool found = GuestWalker.TryTranslate(Vcpu, gva, access, null, out ulong gpa, out _);
                Assert.That(found ? gpa : (ulong?)null, Is.EqualTo(expected), $"seed {seed}: {gva:x} {access}");
                allowed += found ? 1 : 0;
            }
        }

        Assert.That(allowed, Is.GreaterThan(1000));
    }

    private static ulong RandomAddress(Random random, PagingMode mode)
    {
        ulong gva = (ulong)random.NextInt64();
        gva = mode == PagingMode.FourLevels ? gva & 0xFFFF_FFFF_FFFF : gva & 0xFFFF_FFFF;
        bool isNegative = mode == PagingMode.FourLevels && (gva >> 47) != 0;
        return isNegative ? gva | 0xFFFF_0000_0000_0000 : gva;
    }

    // Every table entry points to one of the tables, or is a leaf; a few are broken.
    private void FillTables(Random random)
    {
        for (ulong gfn = Root; gfn < TablesLimit; gfn++)
        {
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(_host.Page(0, gfn));
            for (int i = 0; i < words.Length; i++)
            {
                uint flags = (uint)random.Next(0x1000) | (random.Next(8) != 0 ? 3u : 0);
                flags = random.Next(4) == 0 ? flags : flags & ~0x80u;
                words[i] = (uint)random.Next((int)Root, (int)TablesLimit) << 12 | flags;
                if (random.Next(64) == 0)
                {
                    words[i] |= 0x7000_0000;
                }
            }
        }

        if (Hardware.Cr4Value == 0 || (Hardware.Cr4Value & 0x20) == 0)
        {
            return;
        }

        for (ulong gfn = Root; gfn < TablesLimit; gfn++)
        {
            Span<ulong> entries = MemoryMarshal.Cast<byte, ulong>(_host.Page(0, gfn));
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = (entries[i] & 0xFFFF_FFFF) | (random.Next(64) == 0 ? 0x0008_0000_0000_0000u : 0);
            }
        }
    }

    private void SetRandomState(Random random)
    {
        Hardware.Cr0Value = random.Next(2) == 0 ? 0x8001_0001 : 0x8000_0001;
        Hardware.Cr4Value |= random.Next(2) == 0 ? 1UL << 21 : 0;
        Hardware.Registers.Rflags = random.Next(2) == 0 ? 1UL << 18 : 0;
    }

    private ulong? NaiveWalk(PagingMode mode, ulong gva, bool isWrite)
    {
        int levels = mode switch { PagingMode.Legacy => 2, PagingMode.Pae => 3, _ => 4 };
        int width = mode == PagingMode.Legacy ? 10 : 9;
        ulong table = Hardware.Cr3 & ~0xFFFUL;
        bool user = true;
        bool writable = true;
        for (int level = levels; level > 0; level--)
        {
            int shift = 12 + (width * (level - 1));
            int index = (int)(gva >> shift) & ((1 << width) - 1);
            if (table >> 12 >= TestHost.DomainFrames)
            {
                return null;
            }

            bool hasRights = !(mode == PagingMode.Pae && level == 3);
            ulong entry = mode == PagingMode.Legacy ? Entry32(table >> 12, index) : Entry(table >> 12, index);
            if ((entry & 1) == 0)
            {
                return null;
            }

            user &= !hasRights || (entry & 4) != 0;
            writable &= !hasRights || (entry & 2) != 0;
            bool large = (entry & 0x80) != 0 && level > 1 && hasRights;
            if (large && (level == 4 || (level == 2 && mode == PagingMode.Legacy && (Hardware.Cr4 & 0x10) == 0)))
            {
                if (level == 4)
                {
                    return null;
                }

                large = false;
            }

            if (level == 1 || large)
            {
                bool smap = (Hardware.Cr4 & (1UL << 21)) != 0 && (Hardware.Registers.Rflags & (1UL << 18)) == 0;
                bool protects = (Hardware.Cr0 & (1UL << 16)) != 0;
                if ((isWrite && protects && !writable) || (user && smap))
                {
                    return null;
                }

                ulong mask = (1UL << shift) - 1;
                ulong frame = mode == PagingMode.Legacy
                    ? large ? (entry & 0xFFC0_0000) | ((entry >> 13 & 0xFF) << 32) : entry & 0xFFFF_F000
                    : entry & 0x000F_FFFF_FFFF_F000UL & ~mask;
                return frame | (gva & mask);
            }

            table = entry & (mode == PagingMode.Legacy ? 0xFFFF_F000UL : 0x000F_FFFF_FFFF_F000UL);
        }

        return null;
    }

    private ulong Entry(ulong table, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(_host.Page(0, table).Slice(8 * index));

    private ulong Entry32(ulong table, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(_host.Page(0, table).Slice(4 * index));

    private void SetMode(PagingMode mode)
    {
        Hardware.Cr0Value = mode == PagingMode.None ? 1u : 0x8001_0001;
        Hardware.Cr3Value = Root << 12;
        Hardware.Cr4Value = mode switch { PagingMode.None => 0u, PagingMode.Legacy => 0x10, _ => 0x20 };
        Hardware.Efer = mode == PagingMode.FourLevels ? 0x500u : 0;
        Hardware.Is64BitCodeValue = mode == PagingMode.FourLevels;
    }

    // Tables at Root, Root + 1, ... one for each level; returns the address.
    private ulong MapOne(PagingMode mode, ulong gva, ulong gfn, ulong flags = 3)
    {
        if (mode == PagingMode.None)
        {
            return gva & 0xF_F000;
        }

        int levels = mode switch { PagingMode.Legacy => 2, PagingMode.Pae => 3, _ => 4 };
        int width = mode == PagingMode.Legacy ? 10 : 9;
        for (int level = levels; level > 0; level--)
        {
            ulong table = Root + (ulong)(levels - level);
            int index = (int)(gva >> (12 + (width * (level - 1)))) & ((1 << width) - 1);
            ulong entry = level == 1 ? gfn << 12 | flags : mode == PagingMode.Pae && level == 3 ? table + 1 << 12 | 1 : table + 1 << 12 | 7;
            if (mode == PagingMode.Legacy)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(_host.Page(0, table).Slice(4 * index), (uint)entry);
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(_host.Page(0, table).Slice(8 * index), entry);
            }
        }

        return gva;
    }

    public enum PagingMode
    {
        None,
        Legacy,
        Pae,
        FourLevels,
    }
}
