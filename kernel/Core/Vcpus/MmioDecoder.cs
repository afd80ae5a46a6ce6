using System;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Decodes the instructions that kernels use on device registers: MOV in all its forms, MOVZX and MOVSX (AMD APM vol. 3). The
/// address is known from the fault; only the length of its encoding matters.
/// </summary>
public ref struct MmioDecoder
{
    private const byte TwoByteOpcode = 0x0F;
    private const byte RexW = 8;
    private const byte RexR = 4;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _is64;
    private int _at;
    private bool _isTooShort;
    private int _operandSize;
    private int _addressSize;
    private byte _rex;

    private MmioDecoder(ReadOnlySpan<byte> bytes, bool is64, bool is32)
    {
        _bytes = bytes;
        _is64 = is64;
        _operandSize = is64 || is32 ? 4 : 2;
        _addressSize = is64 ? 8 : is32 ? 4 : 2;
    }

    /// <summary>Decodes what <paramref name="bytes"/> start with; false: another instruction, or not all of one.</summary>
    /// <param name="bytes">The instruction; what follows it does not matter.</param>
    /// <param name="is64">64-bit code.</param>
    /// <param name="is32">Code of 32 bits by default, otherwise of 16; meaningless in 64-bit code.</param>
    /// <param name="instruction">What it does.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, bool is64, bool is32, out MmioInstruction instruction)
    {
        MmioDecoder decoder = new(bytes, is64, is32);
        instruction = new MmioInstruction { Register = -1 };
        byte opcode = decoder.TakePrefixes();
        bool known = opcode == TwoByteOpcode
            ? decoder.TryDecodeExtension(decoder.Take(), ref instruction)
            : decoder.TryDecodeMove(opcode, ref instruction);
        instruction.Length = decoder._at;
        return known && !decoder._isTooShort;
    }

    // Returns the first byte that is no prefix. A REX prefix counts only right before the opcode.
    private byte TakePrefixes()
    {
        bool otherOperand = false;
        bool otherAddress = false;
        byte value;
        while (true)
        {
            value = Take();
            if (_is64 && (value & 0xF0) == 0x40)
            {
                _rex = value;
                continue;
            }

            if (!IsPrefix(value))
                break;

            _rex = 0;
            otherOperand |= value == 0x66;
            otherAddress |= value == 0x67;
        }

        _operandSize = (_rex & RexW) != 0 ? 8 : otherOperand ? 6 - _operandSize : _operandSize;
        _addressSize = !otherAddress ? _addressSize : _addressSize == 4 ? 2 : 4;
        return value;
    }

    // Operand and address size, LOCK, REP, segments.
    private static bool IsPrefix(byte value) =>
        value is 0x66 or 0x67 or 0xF0 or 0xF2 or 0xF3 or 0x26 or 0x2E or 0x36 or 0x3E or 0x64 or 0x65;

    private bool TryDecodeMove(byte opcode, ref MmioInstruction instruction)
    {
        int size = (opcode & 1) == 0 ? 1 : _operandSize;
        instruction.Size = size;
        instruction.RegisterSize = size;
        switch (opcode)
        {
            case 0x88:
            case 0x89:
                instruction.IsWrite = true;
                return TryTakeOperands(size, ref instruction);
            case 0x8A:
            case 0x8B:
                return TryTakeOperands(size, ref instruction);
            case >= 0xA0 and <= 0xA3:
                instruction.IsWrite = opcode >= 0xA2;
                instruction.Register = 0;
                Skip(_addressSize);
                return true;
            case 0xC6:
            case 0xC7:
                instruction.IsWrite = true;
                return TryTakeConstant(size, ref instruction);
            default:
                return false;
        }
    }

    private bool TryDecodeExtension(byte opcode, ref MmioInstruction instruction)
    {
        if (opcode is not (0xB6 or 0xB7 or 0xBE or 0xBF))
            return false;

        instruction.Size = (opcode & 1) + 1;
        instruction.RegisterSize = _operandSize;
        instruction.IsSigned = opcode >= 0xBE;
        return TryTakeOperands(_operandSize, ref instruction);
    }

    private bool TryTakeOperands(int registerSize, ref MmioInstruction instruction)
    {
        byte modRm = Take();
        int register = ((modRm >> 3) & 7) | ((_rex & RexR) << 1);
        instruction.IsHighByte = registerSize == 1 && _rex == 0 && register >= 4;
        instruction.Register = instruction.IsHighByte ? register - 4 : register;
        return TrySkipAddress(modRm);
    }

    private bool TryTakeConstant(int size, ref MmioInstruction instruction)
    {
        byte modRm = Take();
        if ((modRm & 0x38) != 0 || !TrySkipAddress(modRm))
            return false;

        int length = Math.Min(size, 4);
        ulong value = 0;
        for (int i = 0; i < length; i++)
            value |= (ulong)Take() << (8 * i);

        instruction.Immediate = size == 8 ? (ulong)(int)value : value;
        return true;
    }

    // The rest of the encoding of a memory operand; false for a register operand.
    private bool TrySkipAddress(byte modRm)
    {
        int mod = modRm >> 6;
        int rm = modRm & 7;
        if (mod == 3)
            return false;

        if (_addressSize == 2)
        {
            Skip(mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
            return true;
        }

        if (rm == 4)
            rm = Take() & 7;

        Skip(mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0);
        return true;
    }

    private byte Take()
    {
        if (_at >= _bytes.Length)
        {
            _isTooShort = true;
            return 0;
        }

        return _bytes[_at++];
    }

    private void Skip(int count)
    {
        _isTooShort |= count > _bytes.Length - _at;
        _at = Math.Min(_at + count, _bytes.Length);
    }
}
