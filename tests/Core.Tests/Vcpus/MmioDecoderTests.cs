using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class MmioDecoderTests
{
    private const int Constant = -1;

    // Encodings by GNU as, in 64-bit code: bytes, write, size, register size, register, high byte, constant, signed.
    [TestCase("8907", true, 4, 4, 0, false, 0ul, false, TestName = "mov %eax,(%rdi)")]
    [TestCase("448907", true, 4, 4, 8, false, 0ul, false, TestName = "mov %r8d,(%rdi)")]
    [TestCase("66894710", true, 2, 2, 0, false, 0ul, false, TestName = "mov %ax,0x10(%rdi)")]
    [TestCase("4889bc8700010000", true, 8, 8, 7, false, 0ul, false, TestName = "mov %rdi,0x100(%rdi,%rax,4)")]
    [TestCase("8827", true, 1, 1, 0, true, 0ul, false, TestName = "mov %ah,(%rdi)")]
    [TestCase("408837", true, 1, 1, 6, false, 0ul, false, TestName = "mov %sil,(%rdi)")]
    [TestCase("8b05f0000000", false, 4, 4, 0, false, 0ul, false, TestName = "mov 0xf0(%rip),%eax")]
    [TestCase("448b3c2520d05fff", false, 4, 4, 15, false, 0ul, false, TestName = "mov 0xffffffffff5fd020,%r15d")]
    [TestCase("8a1f", false, 1, 1, 3, false, 0ul, false, TestName = "mov (%rdi),%bl")]
    [TestCase("c787b000000000000000", true, 4, 4, Constant, false, 0ul, false, TestName = "movl $0,0xb0(%rdi)")]
    [TestCase("48c70780ffffff", true, 8, 8, Constant, false, 0xFFFF_FFFF_FFFF_FF80, false, TestName = "movq $-128,(%rdi)")]
    [TestCase("66c7073412", true, 2, 2, Constant, false, 0x1234ul, false, TestName = "movw $0x1234,(%rdi)")]
    [TestCase("c6047e55", true, 1, 1, Constant, false, 0x55ul, false, TestName = "movb $0x55,(%rsi,%rdi,2)")]
    [TestCase("a12000e0fe00000000", false, 4, 4, 0, false, 0ul, false, TestName = "movabs 0xfee00020,%eax")]
    [TestCase("a3b000e0fe00000000", true, 4, 4, 0, false, 0ul, false, TestName = "movabs %eax,0xfee000b0")]
    [TestCase("0fb607", false, 1, 4, 0, false, 0ul, false, TestName = "movzbl (%rdi),%eax")]
    [TestCase("480fbf4f04", false, 2, 8, 1, false, 0ul, true, TestName = "movswq 0x4(%rdi),%rcx")]
    [TestCase("670fbe10", false, 1, 4, 2, false, 0ul, true, TestName = "movsbl (%eax),%edx")]
    [TestCase("4289442d00", true, 4, 4, 0, false, 0ul, false, TestName = "mov %eax,0x0(%rbp,%r13)")]
    public void A_move_of_64_bit_code(
        string bytes, bool isWrite, int size, int registerSize, int register, bool isHigh, ulong constant, bool isSigned)
    {
        byte[] code = Convert.FromHexString(bytes);
        Check(code, true, false, new MmioInstruction
        {
            Length = code.Length,
            IsWrite = isWrite,
            Size = size,
            RegisterSize = registerSize,
            Register = register,
            IsHighByte = isHigh,
            Immediate = constant,
            IsSigned = isSigned,
        });
    }

    [TestCase("8b0d2000e0fe", true, false, 4, 1, TestName = "32-bit: mov 0xfee00020,%ecx")]
    [TestCase("a12000e0fe", true, false, 4, 0, TestName = "32-bit: mov 0xfee00020,%eax")]
    [TestCase("6789460c", true, true, 4, 0, TestName = "32-bit: mov %eax,0xc(%bp)")]
    [TestCase("66a3b000e0fe", true, true, 2, 0, TestName = "32-bit: mov %ax,0xfee000b0")]
    [TestCase("8b0e2000", false, false, 2, 1, TestName = "16-bit: mov 0x20,%cx")]
    [TestCase("66678b0d2000e0fe", false, false, 4, 1, TestName = "16-bit: mov 0xfee00020,%ecx")]
    [TestCase("a12000", false, false, 2, 0, TestName = "16-bit: mov 0x20,%ax")]
    [TestCase("268907", false, true, 2, 0, TestName = "16-bit: mov %ax,%es:(%bx)")]
    public void A_move_of_other_code(string bytes, bool is32, bool isWrite, int size, int register)
    {
        byte[] code = Convert.FromHexString(bytes);
        Check(code, false, is32, new MmioInstruction
        {
            Length = code.Length,
            IsWrite = isWrite,
            Size = size,
            RegisterSize = size,
            Register = register,
        });
    }

    [TestCase("89c0", TestName = "mov %eax,%eax has no memory operand", ExpectedResult = false)]
    [TestCase("c70f00000000", TestName = "group 11 has one member", ExpectedResult = false)]
    [TestCase("0107", TestName = "add %eax,(%rdi)", ExpectedResult = false)]
    [TestCase("ff07", TestName = "incl (%rdi)", ExpectedResult = false)]
    [TestCase("f3ab", TestName = "rep stos", ExpectedResult = false)]
    [TestCase("0fb8", TestName = "another two-byte opcode", ExpectedResult = false)]
    [TestCase("c4e2", TestName = "VEX prefix in 64-bit code", ExpectedResult = false)]
    [TestCase("", TestName = "no bytes at all", ExpectedResult = false)]
    public bool Other_instructions_are_refused(string bytes) =>
        MmioDecoder.TryDecode(Convert.FromHexString(bytes), true, false, out _);

    [Test]
    public void A_rex_prefix_counts_only_right_before_the_opcode()
    {
        Assert.That(MmioDecoder.TryDecode(Convert.FromHexString("48668907"), true, false, out MmioInstruction move), Is.True);
        Assert.That(move.Size, Is.EqualTo(2));
    }

    [Test]
    public void Every_shorter_part_of_an_instruction_is_refused()
    {
        byte[] code = Convert.FromHexString("48c7848700010000ffffff7f");
        for (int length = 0; length < code.Length; length++)
        {
            Assert.That(MmioDecoder.TryDecode(code.AsSpan(0, length), true, false, out _), Is.False, $"{length} bytes");
        }
    }

    [Test]
    public void Random_bytes_give_a_sane_answer()
    {
        Random random = new(1);
        byte[] code = new byte[15];
        int known = 0;
        for (int i = 0; i < 2_000_000; i++)
        {
            random.NextBytes(code);
            int length = random.Next(16);
            if (!MmioDecoder.TryDecode(code.AsSpan(0, length), (i & 1) != 0, (i & 2) != 0, out MmioInstruction move))
            {
                continue;
            }

            known++;
            bool sane = move.Length >= 2 && move.Length <= length && move.Register is >= -1 and <= 15
                && move.Size is 1 or 2 or 4 or 8 && move.RegisterSize >= move.Size && (move.Register >= 0 || move.IsWrite);
            Assert.That(sane, Is.True, Convert.ToHexString(code));
        }

        Assert.That(known, Is.GreaterThan(10_000));
    }

    [Test]
    public void Lengths_agree_with_the_disassembler()
    {
        Random random = new(2);
        byte[] bytes = new byte[200_000];
        random.NextBytes(bytes);
        for (int i = 0; i + 16 < bytes.Length; i += 16)
        {
            byte[] opcodes = [0x88, 0x89, 0x8A, 0x8B, 0xA0, 0xA1, 0xA2, 0xA3, 0xC6, 0xC7];
            bytes[i] = opcodes[random.Next(opcodes.Length)];
        }

        string file = Path.GetTempFileName();
        File.WriteAllBytes(file, bytes);
        int compared = Disassemble(file).Count(line => Compare(bytes, line));
        File.Delete(file);
        Assert.That(compared, Is.GreaterThan(3_000));
    }

    private static void Check(byte[] code, bool is64, bool is32, MmioInstruction expected)
    {
        byte[] padded = [.. code, 0x90, 0x90];
        Assert.That(MmioDecoder.TryDecode(padded, is64, is32, out MmioInstruction move), Is.True);
        Assert.That(move, Is.EqualTo(expected));
    }

    // Lines of objdump: "  1f:\t8b 05 f0 00 00 00 \tmov ..."; only moves between memory and general registers or constants.
    private static bool Compare(byte[] bytes, string line)
    {
        string[] parts = line.Split('\t');
        if (parts.Length != 3 || !parts[0].EndsWith(':') || !IsMove(parts[2]) || IsApx(parts[1]))
        {
            return false;
        }

        int at = int.Parse(parts[0].Trim().TrimEnd(':'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        int length = parts[1].Trim().Split(' ').Length;
        Assert.That(MmioDecoder.TryDecode(bytes.AsSpan(at, Math.Min(15, bytes.Length - at)), true, false, out MmioInstruction move),
            Is.True, line);
        Assert.That(move.Length, Is.EqualTo(length), line);
        return true;
    }

    // Disassemblers from 2.42 on know the extended registers (prefixes REX2 and EVEX), which no CPU of a guest has.
    private static bool IsApx(string bytes) => Regex.IsMatch(bytes, "^((26|2e|36|3e|64|65|66|67|f0|f2|f3) )*(d5|62) ");

    private static bool IsMove(string text)
    {
        string[] words = text.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 && words[0] is "mov" or "movb" or "movl" or "movw" or "movabs"
            && !Regex.IsMatch(words[1], @"%cr|%db|%\?|bad|%[c-gs]s(,|$| )")
            && (words[0] == "movabs" ? !text.Contains('$') : text.Contains('('));
    }

    private static string[] Disassemble(string file)
    {
        ProcessStartInfo start = new("objdump") { RedirectStandardOutput = true };
        foreach (string argument in (string[])["-D", "-w", "-b", "binary", "-m", "i386:x86-64", file])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        return process.StandardOutput.ReadToEnd().Split('\n');
    }
}
