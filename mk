#!/bin/bash
# The one command of this project. This script finds or installs what is needed, builds tools/mk when it is out of date,
# and hands over to it: ./mk --help
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
program=$root/tools/mk/bin/Debug/net10.0/mk.dll
stamp=$root/out/.mk-built
packages=(qemu-system-x86 ovmf libxen-dev grub-pc-bin grub-efi-amd64-bin xorriso mtools
    busybox-static cpio xz-utils binutils gcc gcc-multilib make spin xenstore-utils
    flex bison bc libelf-dev)

say() { echo "mk: $*" >&2; }
die() { say "$*"; exit 1; }

check_system() {
    local ID="" VERSION_ID=""
    [ ! -r /etc/os-release ] || . /etc/os-release
    case "$ID $VERSION_ID $(uname -m)" in
        "debian 12 x86_64" | "debian 13 x86_64") ;;
        *) die "this needs Debian 12 or 13 on x86-64; here is ${ID:-an unknown system} ${VERSION_ID} on $(uname -m)" ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "these packages are missing: ${missing[*]}; install them as root, or install sudo"
    fi
}

install_packages() {
    local package
    missing=()
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    # From wherever: whoever develops for Node has one that is not Debian's.
    { command -v node && command -v npm; } >/dev/null || missing+=(nodejs npm)
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing with apt-get: ${missing[*]}"
    as_root apt-get -q update >&2 || say "apt-get update failed; going on with the package lists there are"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}" >&2 ||
        die "apt-get could not install: ${missing[*]}"
}

check_dotnet() {
    if ! command -v dotnet >/dev/null && [ -x "$HOME/.dotnet/dotnet" ]; then
        export PATH=$HOME/.dotnet:$PATH
    fi
    dotnet --list-sdks 2>/dev/null | grep -q '^10\.' && return
    die "the .NET SDK 10 is missing. Debian does not have it; either add Microsoft's package source for Debian
    and apt-get install dotnet-sdk-10.0, or run Microsoft's dotnet-install.sh --channel 10.0 (no root needed; it
    installs into ~/.dotnet, where this script finds it)"
}

build_program() {
    local newer
    if [ -f "$program" ] && [ -f "$stamp" ]; then
        newer=$(find "$root/tools/mk" "$root"/lib/{Gateway,Rpc,Rings,Protos,CoreMessages} "$root/tools/protogen" "$root/protos" \
            "$root"/Directory.*.props "$root/.editorconfig" -type f -newer "$stamp" \
            -not -path '*/bin/*' -not -path '*/obj/*' -print -quit)
        [ -n "$newer" ] || return 0
    fi
    say "building tools/mk ..."
    mkdir -p "$root/out"
    touch "$stamp.started"
    dotnet build "$root/tools/mk" --nologo -v q -nodeReuse:false >"$stamp.log" 2>&1 ||
        { cat "$stamp.log" >&2; rm -f "$stamp"; die "tools/mk does not build"; }
    mv "$stamp.started" "$stamp"
}

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
# Descriptor 0 must be something, or the next file that is opened becomes the standard input.
[ -e /proc/self/fd/0 ] || exec </dev/null
check_system
install_packages
check_dotnet
# Two runs that start together must not build into the same folder.
mkdir -p "$root/out"
exec 9>"$root/out/.mk-lock"
flock 9
build_program
flock -u 9
exec 9>&-
exec dotnet "$program" "$@"
