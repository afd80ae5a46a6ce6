#!/bin/bash
# Runs guests under Debian's Xen 4.17 in QEMU, the reference for what they check. For developers; not part of CI.
# Everything lands in out/xen; nothing is installed on this machine beyond what QEMU and apt-get already are.
#
#   tests/guests/on-xen.sh [-m MIB] [-t SECONDS] [-i] [-s] [-x XEN_OPTIONS] RUN...
#
# A RUN is GUEST (version64) or GUEST,option=value,... or GUEST_A+GUEST_B,... (two domains at once, which are told each
# other's domid by peer=). Without a RUN all single guests run. -i runs with -icount shift=0 on one CPU (for bench),
# -s with one emulating thread.
set -e
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/out/xen
host_mib=3072 limit=1500 cpus=2 accelerator="-accel tcg,thread=multi" xen_extra=
kernel=6.1.0-56
packages="xen-hypervisor-4.17-amd64 xen-utils-4.17 xen-utils-common xenstore-utils busybox-static libc6 zlib1g
    libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1
    libxenstore4 libxentoolcore1 libxentoollog1 libyajl2 libuuid1 liblzma5 libzstd1 liblzo2-2 libbz2-1.0 libnl-3-200
    libnl-route-3-200 libtinfo6 libncurses6 libfdt1 libsystemd0 liblz4-1 libcap2 libgcrypt20 libgpg-error0 libgcc-s1"

while getopts m:t:isx: option; do
    case $option in
        m) host_mib=$OPTARG ;;
        t) limit=$OPTARG ;;
        s) accelerator="-accel tcg,thread=single" ;;
        x) xen_extra=$OPTARG ;;
        i) cpus=1 accelerator="-accel tcg,thread=single -icount shift=0" ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

dom0_kernel() {
    apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1
}

fetch_packages() {
    mkdir -p "$out/debs"
    kernel=$(dom0_kernel)
    for package in $packages "$kernel"; do
        compgen -G "$out/debs/${package}_*.deb" > /dev/null || (cd "$out/debs" && apt-get -q download "$package")
    done
}

# Dom0: the packages' files, the Xen drivers of the kernel, and an init of our own, as one initramfs.
build_dom0() {
    local root=$out/root
    [ "$out/dom0.gz" -nt "$here/xen-dom0-init.sh" ] && [ -e "$out/xen" ] && return
    rm -rf "$root" "$out/unpacked"
    mkdir -p "$root" "$out/unpacked"
    for deb in "$out"/debs/*.deb; do
        case $deb in
            *linux-image*|*xen-hypervisor*) dpkg-deb -x "$deb" "$out/unpacked" ;;
            *) dpkg-deb -x "$deb" "$root" ;;
        esac
    done
    cp "$out"/unpacked/boot/vmlinuz-* "$out/vmlinuz"
    zcat "$out"/unpacked/boot/xen-4.17-amd64.gz > "$out/xen"
    mkdir -p "$root"/{proc,sys,dev,run,tmp,modules,guests,var/lib/xen,var/log/xen,var/run/xen,etc/xen}
    find "$out"/unpacked/lib/modules -path '*drivers/xen/*' -name '*.ko' -exec cp {} "$root/modules/" \;
    rm -rf "$root"/usr/share "$root"/usr/lib/python* "$root"/usr/lib/x86_64-linux-gnu/{gconv,systemd}
    install -m 755 "$here/xen-dom0-init.sh" "$root/init"
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$out/dom0.gz"
}

# The guests and what to run travel in a second, small archive behind the first.
add_guests() {
    local more=$out/more
    rm -rf "$more"
    mkdir -p "$more/guests"
    cp "$top"/out/guests/*.elf "$more/guests/"
    printf '%s\n' "$@" > "$more/guests/runs"
    (cd "$more" && find . | cpio -o -H newc --quiet | gzip -1) > "$out/more.gz"
    cat "$out/dom0.gz" "$out/more.gz" > "$out/initramfs.gz"
}

single_guests() {
    ls "$top"/out/guests/*.elf | xargs -n1 basename | sed 's/\.elf$//' | grep -Ev '^(bench|spin|flood|reboot|crash|fuzz|pair)'
}

make -s -C "$here"
fetch_packages
build_dom0
[ $# -gt 0 ] || set -- $(single_guests)
add_guests "$@"
timeout "$limit" qemu-system-x86_64 $accelerator -cpu max,-smap -smp "$cpus" -m "$host_mib" -nographic -no-reboot \
    -kernel "$out/xen" -append "console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=all xsave=0 dom0_mem=1024M \
dom0_max_vcpus=1 gnttab=max-ver:2 $xen_extra" \
    -initrd "$out/vmlinuz console=hvc0 quiet,$out/initramfs.gz" < /dev/null | tr -d '\r' | tee "$out/last-run.log" \
    | { [ -n "$VERBOSE" ] && cat || grep -aE '^\(d|guest-test|FAIL|xen-run'; }
