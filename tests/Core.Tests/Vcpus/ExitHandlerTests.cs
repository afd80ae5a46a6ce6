using System;
using System.Runtime.InteropServices;
using System.Text;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class ExitHandlerTests
{
    private const byte InvalidOpcode = 6;
    private const byte GeneralProtection = 13;
    private const ulong Hole = 0x8_0000_0000;

    private TestHost _host = null!;

    private Vcpu Vcpu => _host.Vcpu(0);

    private FakeVcpuHardware Hardware => _host.Hardware(0);

    [SetUp]
    public void Start()
    {
        _host = new TestHost(1, source: (leaf, _) => leaf switch
        {
            0 => new CpuidResult { Eax = 0xD },
            1 => new CpuidResult { Ecx = 1u << 26 },
            0xD => new CpuidResult { Eax = 7 },
            _ => default,
        });
        Hardware.Msrs.Clear();
    }

    [Test]
    public void Cpuid_fills_the_registers_and_goes_on()
    {
        Hardware.Registers.Rax = 0xFFFF_FFFF_4000_0000;
        Hardware.Registers.Rdx = ulong.MaxValue;
        Handle(ExitReason.Cpuid);
        Assert.That(Hardware.Registers.Rax, Is.EqualTo(0x4000_0005));
        Assert.That(Hardware.Registers.Rdx, Is.EqualTo(0x4D4D_566E));
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
    }

    [Test]
    public void An_msr_that_is_not_there_is_a_general_protection_fault()
    {
        Hardware.Registers.Rcx = 0xC001_0114;
        Handle(ExitReason.ReadMsr);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { GeneralProtection }));
        Assert.That(Hardware.Skipped, Is.Zero);
    }

    [Test]
    public void An_msr_is_read_into_two_halves()
    {
        Hardware.Msrs[0xC000_0082] = 0xFFFF_8000_1234_5678;
        Hardware.Registers.Rcx = 0xFFFF_FFFF_C000_0082;
        Handle(ExitReason.ReadMsr);
        Assert.That(Hardware.Registers.Rax, Is.EqualTo(0x1234_5678));
        Assert.That(Hardware.Registers.Rdx, Is.EqualTo(0xFFFF_8000));
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
    }

    [TestCase(0x80, 1, 0x1122_3344_5566_77FFul)]
    [TestCase(0xCFC, 2, 0x1122_3344_5566_FFFFul)]
    [TestCase(0xCF8, 4, 0xFFFF_FFFFul)]
    [TestCase(0x40, 1, 0x1122_3344_5566_7700ul)]
    public void A_port_is_read_as_wide_as_asked(int port, int size, ulong expected)
    {
        Hardware.Registers.Rax = 0x1122_3344_5566_7788;
        HandlePort((ushort)port, (byte)size, isInput: true);
        Assert.That(Hardware.Registers.Rax, Is.EqualTo(expected));
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
    }

    [Test]
    public void What_is_written_to_a_port_vanishes()
    {
        Hardware.Registers.Rax = 0xFE;
        HandlePort(0x64, 1, isInput: false);
        Assert.That(Hardware.Registers.Rax, Is.EqualTo(0xFE));
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
        Assert.That(_host.Domain(0).IsEnding, Is.False, "no reset by the keyboard controller");
    }

    [Test]
    public void Text_for_the_debug_port_goes_to_the_console()
    {
        foreach (char c in "a\tb\x10\r\x7f\xe9\n")
        {
            Hardware.Registers.Rax = 0x1234_0000u | c;
            HandlePort(0xE9, 1, isInput: false);
        }

        Assert.That(_host.Machine.ConsoleOutput.ToString(), Does.EndWith("a\tb\n"));
        Assert.That(Hardware.Skipped, Is.EqualTo(8));
        Assert.That(_host.Kernel.Consoles.TryTakeTurn(), Is.True);
        HandlePort(0xE9, 1, isInput: false);
        Assert.That(Hardware.Skipped, Is.EqualTo(8), "another CPU writes: the instruction is executed again");
        Assert.That(_host.Kernel.ThisCpu.MustReschedule, Is.True);
        _host.Kernel.Consoles.EndTurn();
        HandlePort(0xE9, 1, isInput: false);
        Assert.That(Hardware.Skipped, Is.EqualTo(9));
    }

    [TestCase(ExitReason.UndefinedInstruction, InvalidOpcode)]
    [TestCase(ExitReason.ProtectedInstruction, GeneralProtection)]
    public void Instructions_that_guests_do_not_have(ExitReason reason, byte vector)
    {
        Handle(reason);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { vector }));
        Assert.That(Hardware.Skipped, Is.Zero);
    }

    [TestCase(0u, 7ul, 0, true)]
    [TestCase(0u, 2ul, 0, false)]
    [TestCase(0u, 0x107ul, 0, false)]
    [TestCase(1u, 7ul, 0, false)]
    [TestCase(0u, 7ul, 3, false)]
    public void Xcr0_is_set_by_the_kernel_to_what_is_allowed(uint register, ulong value, int cpl, bool allowed)
    {
        Hardware.CplValue = cpl;
        Hardware.Registers.Rcx = register;
        Hardware.Registers.Rax = value;
        Hardware.Registers.Rdx = 0;
        Handle(ExitReason.SetXcr);
        Assert.That(Hardware.Xcr0, Is.EqualTo(allowed ? value : 1));
        Assert.That(Hardware.Injected, Is.EqualTo(allowed ? [] : new[] { GeneralProtection }));
    }

    [TestCase(ExitReason.TripleFault, "triple fault")]
    [TestCase(ExitReason.InvalidState, "state refused by the CPU")]
    [TestCase(ExitReason.Unexpected, "unexpected exit")]
    public void The_end_of_a_guest_names_cause_and_registers(ExitReason reason, string cause)
    {
        Hardware.Registers.Rip = 0xFFFF_FFFF_8100_0000;
        Hardware.Cr2 = 0xDEAD;
        Handle(reason);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Crash));
        string detail = Encoding.ASCII.GetString(_host.Domain(0).EndDetail.Text);
        Assert.That(detail, Does.StartWith(cause).And.Contain("ffffffff81000000").And.Contain("dead"));
    }

    [Test]
    public void A_hole_reads_as_all_ones()
    {
        Hardware.Registers.Rcx = 0;
        Fault("8b08", Hole, isWrite: false);
        Assert.That(Hardware.Registers.Rcx, Is.EqualTo(0xFFFF_FFFF));
        Fault("480fbe08", Hole, isWrite: false);
        Assert.That(Hardware.Registers.Rcx, Is.EqualTo(ulong.MaxValue));
        Fault("0fb608", Hole, isWrite: false);
        Assert.That(Hardware.Registers.Rcx, Is.EqualTo(0xFF));
        Fault("8a28", Hole, isWrite: false);
        Assert.That(Hardware.Registers.Rcx, Is.EqualTo(0xFFFF));
        Assert.That(Hardware.Skipped, Is.EqualTo(4));
    }

    [Test]
    public void What_is_written_to_a_hole_vanishes()
    {
        Fault("8908", Hole, isWrite: true);
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
        Assert.That(Hardware.Injected, Is.Empty);
    }

    [Test]
    public void What_is_written_to_a_read_only_page_vanishes()
    {
        using (_host.Domain(0).Physmap.Lock.Hold())
        {
            _host.Domain(0).Physmap.Map(0x2000, 70, 0, NestedAccess.Read, PageKind.Foreign);
        }

        byte before = _host.Machine.Frames[70][0];
        Hardware.Registers.Rcx = (ulong)~before;
        Fault("8908", 0x200_0000, isWrite: true);
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
        Assert.That(_host.Machine.Frames[70][0], Is.EqualTo(before));
    }

    [TestCase("0108", true, TestName = "an instruction that is not a move")]
    [TestCase("8908", false, TestName = "a store that is said to have read")]
    [TestCase("", false, TestName = "an instruction that cannot be fetched")]
    public void Other_accesses_to_holes_are_faults(string code, bool isWrite)
    {
        Fault(code, Hole, isWrite);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { GeneralProtection }));
        Assert.That(Hardware.Skipped, Is.Zero);
    }

    [Test]
    public void A_page_that_was_mapped_meanwhile_is_tried_again()
    {
        Fault("8908", 0x1000, isWrite: true);
        Assert.That(Hardware.Injected, Is.Empty);
        Assert.That(Hardware.Skipped, Is.Zero);
    }

    [Test]
    public void A_page_table_outside_of_memory_ends_the_guest()
    {
        VmExit exit = new() { Reason = ExitReason.NestedFault, GuestPhysical = Hole, IsTableWalk = true };
        ExitHandler.Handle(Vcpu, ref exit);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Crash));
    }

    [TestCase(true, TestName = "The xAPIC's page with the bytes from the CPU")]
    [TestCase(false, TestName = "The xAPIC's page with the bytes from memory")]
    public void The_page_of_the_xapic_is_served(bool hasBytes)
    {
        Hardware.Registers.Rcx = 0x31;
        Fault("8988800000000", 0xFEE0_0080, isWrite: true, hasBytes);
        Assert.That(Vcpu.Apic.ProcessorPriority, Is.EqualTo(0x31));
        Fault("448bb880000000", 0xFEE0_0080, isWrite: false, hasBytes);
        Assert.That(Hardware.Registers.R15, Is.EqualTo(0x31));
        Fault("c780800000004200000", 0xFEE0_0080, isWrite: true, hasBytes);
        Assert.That(Vcpu.Apic.ProcessorPriority, Is.EqualTo(0x42));
        ApicBase.TryWrite(Vcpu.Apic, 0xFEE0_0C00);
        Fault("448bb880000000", 0xFEE0_0080, isWrite: false, hasBytes);
        Assert.That(Hardware.Registers.R15, Is.EqualTo(0xFFFF_FFFF), "a hole in x2APIC mode");
    }

    [TestCase("440f22c0", true, 5ul, 0, TestName = "mov %rax,%cr8")]
    [TestCase("450f22c1", true, 5ul, 9, TestName = "mov %r9,%cr8")]
    [TestCase("f00f22c1", false, 5ul, 1, TestName = "lock mov %ecx,%cr0")]
    public void Cr8_is_the_task_priority(string code, bool is64, ulong value, int register)
    {
        Hardware.Is64BitCodeValue = is64;
        SetRegister(register, value);
        WriteTaskPriority(code);
        Assert.That(Vcpu.Apic.ProcessorPriority, Is.EqualTo(value << 4));
        Assert.That(Hardware.TaskPriorityValue, Is.EqualTo(value));
        ApicPage.Write(Vcpu.Apic, 0x80, 4, 0x73);
        Assert.That(Hardware.TaskPriorityValue, Is.EqualTo(7));
        Assert.That(Hardware.Skipped, Is.EqualTo(1));
    }

    [TestCase("440f22c0", 16ul)]
    [TestCase("440f22c0", 0x1_0000_0005ul)]
    [TestCase("440f20c0", 5ul)]
    [TestCase("440f22", 5ul)]
    [TestCase("4090", 5ul)]
    public void Bad_writes_of_cr8_are_refused(string code, ulong value)
    {
        SetRegister(0, value);
        WriteTaskPriority(code);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { GeneralProtection }));
        Assert.That(Vcpu.Apic.ProcessorPriority, Is.Zero);
    }

    [Test]
    public void Every_exit_with_random_details_has_an_outcome()
    {
        Random random = new(4);
        ref GuestRegisters registers = ref Hardware.Registers;
        for (int i = 0; i < 200_000; i++)
        {
            registers.Rax = (ulong)random.NextInt64() >> random.Next(64);
            registers.Rcx = (ulong)random.NextInt64() >> random.Next(64);
            registers.Rdx = (ulong)random.NextInt64() >> random.Next(64);
            registers.Rip = (ulong)random.Next();
            Hardware.Is64BitCodeValue = random.Next(2) == 0;
            VmExit exit = new()
            {
                Reason = (ExitReason)random.Next((int)ExitReason.Unexpected + 1),
                Port = (ushort)random.Next(),
                Size = (byte)(1 << random.Next(3)),
                IsInput = random.Next(2) == 0,
                IsString = random.Next(8) == 0,
                GuestPhysical = (ulong)random.NextInt64() >> random.Next(64),
                IsWrite = random.Next(2) == 0,
                IsFetch = random.Next(8) == 0,
                InstructionByteCount = random.Next(16),
                InstructionBytesLow = (ulong)random.NextInt64(),
                InstructionBytesHigh = (ulong)random.NextInt64(),
            };
            ExitHandler.Handle(Vcpu, ref exit);
        }

        Assert.That(_host.Machine.Frames.OpenWindows, Is.Zero);
        Assert.That(_host.Domain(0).Physmap.Lock.IsHeld, Is.False);
    }

    private void SetRegister(int register, ulong value) =>
        MemoryMarshal.Cast<GuestRegisters, ulong>(MemoryMarshal.CreateSpan(ref Hardware.Registers, 1))[register] = value;

    [TestCase(0xF4, true, 0, true, ExpectedResult = true, TestName = "A host interrupt between STI and HLT halts")]
    [TestCase(0xF4, false, 0, true, ExpectedResult = false, TestName = "A host interrupt before a HLT outside of the shadow halts nothing")]
    [TestCase(0x90, true, 0, true, ExpectedResult = false, TestName = "A host interrupt between STI and another instruction halts nothing")]
    [TestCase(0xF4, true, 3, true, ExpectedResult = false, TestName = "A user's HLT is left to the CPU to refuse")]
    [TestCase(0xF4, true, 0, false, ExpectedResult = false, TestName = "An instruction that cannot be read is left to the CPU")]
    public bool A_host_interrupt_in_the_shadow(int opcode, bool inShadow, int cpl, bool isMapped)
    {
        _host.Page(0, 5)[0] = (byte)opcode;
        Hardware.Registers.Rip = isMapped ? 0x5000 : Hole;
        Hardware.CplValue = cpl;
        Hardware.OnRun = () => Hardware.IsInShadowValue = inShadow;
        VcpuRunner.RunOnce(_host.Kernel.Cpus[0], Vcpu);
        Assert.That(Hardware.Skipped, Is.EqualTo(Vcpu.IsHalted ? 1 : 0));
        Assert.That(Vcpu.WantsBlock, Is.EqualTo(Vcpu.IsHalted));
        return Vcpu.IsHalted;
    }

    private void WriteTaskPriority(string code)
    {
        byte[] bytes = Convert.FromHexString(code);
        byte[] padded = new byte[16];
        bytes.CopyTo(padded, 0);
        VmExit exit = new()
        {
            Reason = ExitReason.WriteTaskPriority,
            InstructionByteCount = bytes.Length,
            InstructionBytesLow = BitConverter.ToUInt64(padded, 0),
        };
        ExitHandler.Handle(Vcpu, ref exit);
    }

    private void Handle(ExitReason reason)
    {
        VmExit exit = new() { Reason = reason };
        ExitHandler.Handle(Vcpu, ref exit);
    }

    private void HandlePort(ushort port, byte size, bool isInput)
    {
        VmExit exit = new() { Reason = ExitReason.PortIo, Port = port, Size = size, IsInput = isInput };
        ExitHandler.Handle(Vcpu, ref exit);
    }

    // The code lies at page 5 unless the CPU gives it.
    private void Fault(string code, ulong address, bool isWrite, bool hasBytes = true)
    {
        byte[] bytes = Convert.FromHexString(code.Length % 2 == 0 ? code : code + "0");
        VmExit exit = new() { Reason = ExitReason.NestedFault, GuestPhysical = address, IsWrite = isWrite };
        Hardware.Registers.Rip = bytes.Length == 0 ? Hole : 0x5000;
        if (hasBytes && bytes.Length != 0)
        {
            byte[] padded = new byte[16];
            bytes.CopyTo(padded, 0);
            exit.InstructionByteCount = bytes.Length;
            exit.InstructionBytesLow = BitConverter.ToUInt64(padded, 0);
            exit.InstructionBytesHigh = BitConverter.ToUInt64(padded, 8);
        }
        else if (bytes.Length != 0)
        {
            bytes.CopyTo(_host.Page(0, 5));
        }

        ExitHandler.Handle(Vcpu, ref exit);
    }
}
