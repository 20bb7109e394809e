# boot.sh STAGE LOWER DEBS NAME KIND: the way from a process in namespaces of its own to a machine.
# STAGE is a folder in memory that holds what the machine writes; it outlives the machine.
set -eu
stage=$1 lower=$2 debs=$3 name=$4 kind=$5
root=$stage/root

mount -t overlay overlay -o "lowerdir=$lower,upperdir=$stage/upper,workdir=$stage/work" "$root"
cd "$root"
mount --bind -o ro "$debs" var/local/debs
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp

mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

echo "$name" >/proc/sys/kernel/hostname
echo "$name" >etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >etc/hosts
ip link set lo up

pivot_root . mnt
cd /
umount -l /mnt
case $kind in
    systemd) set -- /lib/systemd/systemd --show-status=0 ;;
    *) set -- /bin/bash /etc/first ;;
esac
exec env -i container=machine LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
