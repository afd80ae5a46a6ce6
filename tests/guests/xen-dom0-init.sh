#!/bin/busybox sh
# PID 1 of the dom0 that on-xen.sh boots: starts Xen's daemons, runs each line of /guests/runs, powers off.
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/lib/xen-4.17/bin
export LD_LIBRARY_PATH=/usr/lib/xen-4.17/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
mount -t tmpfs run /run
mkdir -p /run/xen /run/lock /var/run/xen /var/run/xenstored /var/lib/xenstored
for module in /modules/*.ko; do insmod "$module" 2> /dev/null; done
for module in /modules/*.ko; do insmod "$module" 2> /dev/null; done
mkdir -p /proc/xen && mount -t xenfs xenfs /proc/xen
printf 'autoballoon="off"\n' > /etc/xen/xl.conf
xenstored --pid-file /run/xenstored.pid || echo "xen-run: xenstored failed"
xen-init-dom0 || echo "xen-run: xen-init-dom0 failed"
xenconsoled --pid-file=/run/xenconsoled.pid
echo "xen-run: dom0 is up"

next_domid=1

# create FILE NAME GUEST OPTIONS: the configuration of one domain; vcpus= and memory= among the options count for it.
configure() {
    vcpus=3 memory=64 max_grant_version=1
    for word in $4; do
        case $word in
            vcpus=*) vcpus=${word#*=} ;;
            memory=*) memory=${word#*=} ;;
            grants=*) max_grant_version=${word#*=} ;;
        esac
    done
    cat > "$1" <<CONFIG
name="$2"
type="pvh"
kernel="/guests/$3.elf"
extra="console=e9 reference=xen $4"
memory=$memory
vcpus=$vcpus
max_grant_version=$max_grant_version
on_poweroff="destroy"
on_crash="destroy"
on_reboot="destroy"
CONFIG
}

wait_gone() {
    waited=0
    while xl domid "$1" > /dev/null 2>&1; do
        sleep 1
        waited=$((waited + 1))
        [ $waited -lt 150 ] || { echo "xen-run: $1 timed out"; xl destroy "$1"; }
    done
}

run_one() {
    configure /tmp/a.cfg a "$1" "$2 domid=$next_domid"
    xl create -q /tmp/a.cfg && wait_gone a || echo "xen-run: creating $1 failed"
    next_domid=$((next_domid + 1))
}

run_two() {
    configure /tmp/a.cfg a "$1" "$3 role=server domid=$next_domid peer=$((next_domid + 1))"
    configure /tmp/b.cfg b "$2" "$3 role=client domid=$((next_domid + 1)) peer=$next_domid"
    xl create -q /tmp/a.cfg && xl create -q /tmp/b.cfg && wait_gone a && wait_gone b || echo "xen-run: creating $1 failed"
    next_domid=$((next_domid + 2))
}

while read -r run; do
    guest=${run%%,*}
    options=$(echo "${run#"$guest"}" | tr ',' ' ')
    echo "xen-run: $run"
    case $guest in
        *+*) run_two "${guest%%+*}" "${guest##*+}" "$options" ;;
        *) run_one "$guest" "$options" ;;
    esac
done < /guests/runs
sleep 1
echo "xen-run: done"
poweroff -f
