# The first process of a machine without systemd: starts what /etc/rc2.d names, as System V's init
# does, and reaps what is left to it (bash waits for children that it does not know).
cp /var/lib/runlevel /run/utmp
for script in /etc/rc2.d/S*; do
    [ -x "$script" ] && "$script" start
done >/var/log/boot.log 2>&1
while :; do
    sleep 3600 &
    wait $!
done
