using System;
using System.Buffers.Binary;
using System.IO;

namespace Mk.Images;

/// <summary>Takes the ELF image out of a bzImage (Linux: Documentation/arch/x86/boot.rst, protocol 2.08), with the tool for its compression.</summary>
public static class KernelUnpacker
{
    private const int SetupSectors = 0x1F1;
    private const int Signature = 0x202;
    private const int PayloadOffset = 0x248;
    private const int PayloadLength = 0x24C;
    private const int SectorSize = 512;
    private const int LengthOfSize = 4;

    private static readonly (byte[] Magic, string Tool)[] Formats =
    [
        ([0x02, 0x21, 0x4C, 0x18], "lz4"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ([0x1F, 0x8B], "gzip"),
    ];

    /// <summary>Unpacks.</summary>
    /// <param name="image">The bzImage.</param>
    /// <param name="file">The file to make.</param>
    /// <exception cref="MkException">It is no bzImage, or is compressed in a way that is not known here.</exception>
    public static void Unpack(string image, string file)
    {
        byte[] bytes = File.ReadAllBytes(image);
        ReadOnlySpan<byte> payload = PayloadOf(bytes);
        string tool = "";
        foreach ((byte[] magic, string name) in Formats)
            tool = payload.StartsWith(magic) ? name : tool;
        if (tool.Length == 0)
            throw new MkException(ExitCode.Usage, $"{image} is no Linux image that can be unpacked here: lz4, xz, zstd and gzip are known");
        string packed = file + ".packed";
        try
        {
            File.WriteAllBytes(packed, payload);
            Tool.Run("sh", ["-c", $"exec {tool} -dc <\"$0\" >\"$1\"", packed, file], Repository.Root);
        }
        finally
        {
            File.Delete(packed);
        }
    }

    private static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> image)
    {
        if (image.Length < PayloadLength + sizeof(uint) || !image[Signature..].StartsWith("HdrS"u8))
            return default;
        long offset = ((image[SetupSectors] + 1) * SectorSize) + (long)BinaryPrimitives.ReadUInt32LittleEndian(image[PayloadOffset..]);
        // Behind the compressed data stands how long it is unpacked; to some tools that is garbage.
        long length = (long)BinaryPrimitives.ReadUInt32LittleEndian(image[PayloadLength..]) - LengthOfSize;
        return offset >= 0 && length > 0 && offset + length <= image.Length ? image.Slice((int)offset, (int)length) : default;
    }
}
