#!/bin/sh
# enter-container.sh ROOT USER CAPABILITIES READONLY [ro|rw SOURCE TARGET]… -- COMMAND…
# First process of a container's own mount, PID, IPC and UTS namespaces: makes its root out of an empty tmpfs at ROOT and what is
# mounted into it, then becomes COMMAND as USER (uid:gid) with no more than CAPABILITIES (of setpriv). READONLY is yes or no. Nothing is read but these arguments.
set -eu
root=$1 user=$2 capabilities=$3 readonly=$4
shift 4
# PATH is the container's: what this script runs is found on the machine's.
wanted=${PATH-}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chroot=$(command -v chroot)
setpriv=$(command -v setpriv)

mount -t tmpfs -o mode=0755 tmpfs "$root"
mkdir -p "$root/proc" "$root/sys" "$root/dev/shm" "$root/tmp" "$root/etc"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
# Of its own: Envoys meet in a shared one.
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

while [ "$1" != -- ]; do
  mode=$1 source=$2 target=$root$3
  shift 3
  if [ -d "$source" ]; then
    mkdir -p "$target"
  else
    mkdir -p "$(dirname "$target")"
    [ -e "$target" ] || : >"$target"
  fi
  mount --bind "$source" "$target"
  [ "$mode" = rw ] || mount -o remount,bind,ro "$target"
done
shift

if [ "$readonly" = yes ]; then
  # What Kubernetes leaves writable is a mount of its own; /tmp belongs to the root.
  mount -o remount,ro,mode=0755 tmpfs "$root"
fi
PATH=$wanted
exec "$setpriv" --bounding-set="$capabilities" "$chroot" --userspec="$user" --groups= "$root" "$@"
