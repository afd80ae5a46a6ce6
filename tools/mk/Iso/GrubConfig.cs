using System;
using System.Linq;
using System.Text;
using Mk.Boot;

namespace Mk.Iso;

/// <summary>Writes the menu from which GRUB boots the core.</summary>
public static class GrubConfig
{
    /// <summary>
    /// The configuration. GRUB drops the file name from what it hands over: the core knows that of its own options, and
    /// modules get their names a second time.
    /// </summary>
    /// <param name="set">What is booted; its files stand in /boot.</param>
    /// <param name="coreOptions">Words of the core's command line.</param>
    public static string Write(BootSet set, string coreOptions)
    {
        if (coreOptions.Any(static c => char.IsControl(c) || c is '\'' or '"' or '\\' or '$' or ';' or '{' or '}' or '#' or '|' or '&' or '<' or '>'))
            throw new MkException(ExitCode.Usage, $"core options with a character that GRUB's shell gives a meaning: {coreOptions}");
        var text = new StringBuilder();
        text.Append("serial --unit=0 --speed=115200\n");
        text.Append("terminal_input serial console\n");
        text.Append("terminal_output serial console\n");
        text.Append("set timeout=0\n");
        // Multiboot has no word for where UEFI keeps the ACPI tables: GRUB puts a pointer where BIOS has it.
        text.Append("if [ \"$grub_platform\" = efi ]; then acpi; fi\n");
        text.Append("menuentry \"Microkernel\" {\n");
        text.Append($"    multiboot /boot/core.elf {coreOptions}".TrimEnd()).Append('\n');
        foreach (string name in set.Modules.Select(static m => m.Name).Prepend(BootSet.ManifestName))
            text.Append($"    module /boot/{name} {name}\n");
        return text.Append("}\n").ToString();
    }
}
