using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Abi;

/// <summary>
/// Asks the C compiler what Xen's public headers (libxen-dev) say: values of constants, sizes and offsets, for 64- and
/// for 32-bit guests.
/// </summary>
public static class XenLayout
{
    private static readonly string[] Headers =
    [
        "xen", "memory", "grant_table", "event_channel", "sched", "vcpu", "version", "physdev", "platform", "features",
        "callback", "nmi", "domctl", "sysctl", "hvm/hvm_op", "hvm/params", "hvm/hvm_vcpu", "arch-x86/hvm/start_info",
    ];

    private static readonly ConcurrentDictionary<(string, int), long> Known = [];

    /// <summary>sizeof of a type, such as <c>struct xen_memory_map</c>.</summary>
    public static int SizeOf(string type, int bits) => (int)Value($"sizeof({type})", bits);

    /// <summary>Offset of a field, such as <c>dest.u.ref</c>.</summary>
    public static int OffsetOf(string type, string field, int bits) => (int)Value($"offsetof({type}, {field})", bits);

    /// <summary>Value of one constant expression.</summary>
    public static long Value(string expression, int bits) => Values(bits, expression)[0];

    /// <summary>Values of constant expressions in C for 64- or 32-bit guests; one run of the compiler for those not asked before.</summary>
    public static long[] Values(int bits, params string[] expressions)
    {
        string[] missing = [.. expressions.Where(e => !Known.ContainsKey((e, bits))).Distinct()];
        if (missing.Length > 0)
        {
            long[] values = Compile(bits, missing);
            for (int i = 0; i < missing.Length; i++)
            {
                Known[(missing[i], bits)] = values[i];
            }
        }

        return [.. expressions.Select(e => Known[(e, bits)])];
    }

    // The values are read from the assembly output, so that neither a linker nor a 32-bit C library is needed.
    private static long[] Compile(int bits, string[] expressions)
    {
        string includes = string.Concat(Headers.Select(header => $"#include <xen/{header}.h>\n"));
        string array = string.Join(",\n", expressions.Select(e => $"(long long)({e})"));
        string source = "#include <stdint.h>\n#include <stddef.h>\n#define __XEN_TOOLS__ 1\n#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__\n"
            + $"{includes}const long long values[] = {{\n{array}\n}};\n";
        string file = Path.Combine(Path.GetTempPath(), $"layout-{Guid.NewGuid():N}.c");
        File.WriteAllText(file, source);
        try
        {
            string assembly = Run("gcc", $"-m{bits} -ffreestanding -fno-zero-initialized-in-bss -O0 -S -o - {file}");
            return bits == 64 ? Parse(assembly, ".quad") : Join(Parse(assembly, ".long"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static long[] Parse(string assembly, string directive) =>
    [
        .. assembly.Split('\n').SkipWhile(line => !line.StartsWith("values:", StringComparison.Ordinal))
            .Select(line => line.Trim().Split('\t'))
            .Where(words => words.Length == 2 && words[0] == directive)
            .Select(words => long.Parse(words[1], CultureInfo.InvariantCulture)),
    ];

    private static long[] Join(long[] halves) =>
        [.. halves.Chunk(2).Select(pair => (long)((ulong)(uint)pair[0] | (ulong)pair[1] << 32))];

    private static string Run(string program, string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, errors.Result);
        return output;
    }
}
