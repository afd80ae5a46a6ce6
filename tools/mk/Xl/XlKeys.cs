using System.Collections.Frozen;
using System.Collections.Generic;
using System.Linq;

namespace Mk.Xl;

/// <summary>The keys of xl.cfg(5), those understood here and those that are not yet.</summary>
public static class XlKeys
{
    /// <summary>The keys that <see cref="GuestConfigReader"/> understands.</summary>
    public static readonly IReadOnlyList<string> Supported =
    [
        "name", "type", "builder", "kernel", "ramdisk", "extra", "root", "cmdline", "memory", "maxmem", "vcpus", "maxvcpus",
        "on_poweroff", "on_reboot", "on_crash", "max_grant_version", "uuid",
        "cpu_weight", "cap", "cpus", "pool",
    ];

    /// <summary>Of these, the keys that mean something to the services only, and nothing to the core alone.</summary>
    public static readonly IReadOnlyList<string> OfSystem = ["uuid", "cpu_weight", "cap", "cpus", "pool"];

    private static readonly FrozenDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        ["guests have no devices yet, only a console"] =
            "disk vif pci usbctrl usbdev vfb vkb vtpm p9 pvcalls vdispl vsnd channel dtdev rdm iomem ioports irqs vuart " +
            "pci_permissive pci_msitranslate pci_seize pci_power_mgmt rdm_mem_boundary gfx_passthru passthrough",
        ["no policy prefers CPUs; cpus says which ones a guest may run on"] = "cpus_soft",
        ["guests see no NUMA nodes yet"] = "vnuma",
        ["there are no HVM guests yet"] =
            "acpi acpi_firmware acpi_laptop_slate acpi_s3 acpi_s4 apic bios bios_path_override boot device_model_args " +
            "device_model_args_hvm device_model_args_pv device_model_override device_model_stubdomain_override " +
            "device_model_stubdomain_seclabel device_model_user device_model_version dm_restrict firmware hap hdtype hpet " +
            "mmio_hole ms_vm_genid nographic nx oos opengl pae sdl serial shadow_memory smbios_firmware soundhw spice " +
            "spice_clipboard_sharing spice_image_compression spice_streaming_video spiceagent_mouse spicedisable_ticketing " +
            "spicehost spicepasswd spiceport spicetls_port spiceusbredirection spicevdagent stdvga stubdomain_cmdline " +
            "stubdomain_kernel stubdomain_memory stubdomain_ramdisk usb usbdevice usbversion vendor_device vga videoram " +
            "viridian vnc vncdisplay vnclisten vncpasswd vncunused vpt_align xen_platform_pci display keymap xauthority",
        ["there are no PV guests yet"] = "bootloader bootloader_args e820_host pvshim pvshim_cmdline pvshim_extra pvshim_path",
        ["clock modes cannot be chosen: the guest sees the host's TSC and UTC"] =
            "localtime rtc_timeoffset timer_mode tsc_mode",
        ["CPUID and MSR policies cannot be chosen yet"] =
            "cpuid mca_caps msr_relaxed nestedhvm altp2m altp2mhvm vpmu nomigrate vmtrace_buf_kb",
        ["limits per domain cannot be chosen yet"] = "max_event_channels max_grant_frames max_maptrack_frames",
        ["only power-off, reboot and crash have an action of their own"] = "on_watchdog on_soft_reset xend_suspend_evtchn_compat",
        ["domains have no label yet"] = "seclabel init_seclabel driver_domain",
        ["it belongs to Xen on Arm"] = "device_tree gic_version tee",
    }.SelectMany(static group => group.Value.Split(' '), static (group, key) => KeyValuePair.Create(key, group.Key))
        .ToFrozenDictionary();

    /// <summary>Why a key is refused; for a key that xl does not know either, the nearest one that exists.</summary>
    public static string WhyRefused(string key)
    {
        if (Reasons.TryGetValue(key, out string? reason))
            return $"'{key}' is not supported yet: {reason}";
        return SpellingHint.Nearest(key, Supported.Concat(Reasons.Keys)) is { } near
            ? $"there is no key '{key}'; is '{near}' meant?"
            : $"there is no key '{key}'";
    }
}
