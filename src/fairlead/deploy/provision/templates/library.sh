fail() {
    echo "$*" >&2
    exit 1
}

systemd() {
    [ -d /run/systemd/system ]
}

service_runs() {
    if systemd; then
        systemctl is-active -q "$1" && systemctl is-enabled -q "$1"
    else
        service "$1" status
    fi
}

service_start() {
    if systemd; then
        systemctl enable -q "$1"
        systemctl start "$1"
    else
        service "$1" start
    fi
}

service_reload() {
    if systemd; then
        ! systemctl is-active -q "$1" || systemctl reload "$1"
    elif service "$1" status >/dev/null 2>&1; then
        service "$1" reload
    fi
}

# Comes back once none of nginx's former processes takes connections any more: after a reload they
# still do for a moment, and answer as they were told before.
nginx_reload() {
    former=$(nginx_processes)
    service_reload nginx
    left=400
    for pid in $former; do
        while nginx_answers "$pid"; do
            left=$((left - 1))
            [ "$left" -gt 0 ] || fail "nginx has not taken its new settings: its error log says why"
            sleep 0.05
        done
    done
}

nginx_processes() {
    main=$(cat /run/nginx.pid 2>/dev/null) || return 0
    cat "/proc/$main/task/$main/children" 2>/dev/null || :
}

# One that only ends what it began says so in its title.
nginx_answers() {
    title=$({ tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null) || return 1
    case $title in
    "nginx: worker process is shutting down"*) return 1 ;;
    "nginx: worker process"*) return 0 ;;
    *) return 1 ;;
    esac
}

clock_service() {
    for name in chrony ntpsec openntpd ntp systemd-timesyncd; do
        if installed "$name"; then
            echo "$name"
            return
        fi
    done
    return 1
}

# A container has the clock of the machine that it is on.
clock_runs() {
    if systemd && systemd-detect-virt -q -c; then
        return 0
    fi
    daemon=$(clock_service) && service_runs "$daemon"
}

clock_start() {
    service_start "$(clock_service)"
}

# What the server that default-mysql-server brings is called.
mysql_service() {
    if [ -e /etc/init.d/mariadb ]; then echo mariadb; else echo mysql; fi
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What systemd says of our units; that a slot has no program yet is no fault of theirs.
units_valid() {
    command -v systemd-analyze >/dev/null || return 0
    said=$(systemd-analyze verify "$@" 2>&1 | grep -F /etc/systemd/system/ | grep -v 'is not executable') || return 0
    echo "$said" >&2
    return 1
}

# Supervisor has no check of its own: its configuration is read by its own code.
supervisor_valid() {
    python=$(sed -n '1s/^#! *//p' "$(command -v supervisord)")
    # shellcheck disable=SC2086
    said=$($python -c '
import sys
from supervisor.options import ServerOptions
ServerOptions().realize(["-c", "/etc/supervisor/supervisord.conf"])
' 2>&1) || { echo "$said" | tail -n 3 >&2; return 1; }
}

# New and idle programs follow their settings at once; those that run do when they are started next.
supervisor_update() {
    supervisorctl pid >/dev/null 2>&1 || return 0
    running=$(supervisorctl status | awk '$2 ~ /^(RUNNING|STARTING|STOPPING)$/ { print $1 }')
    idle=""
    for program in $(supervisorctl reread 2>&1 | sed -n "s/^\($1-[^ ]*\): .*/\1/p"); do
        if echo "$running" | grep -qx "$program"; then
            echo "$program runs on with its former settings"
        else
            idle="$idle $program"
        fi
    done
    # shellcheck disable=SC2086
    [ -z "$idle" ] || supervisorctl update $idle
}

supervisor_socket_open() {
    [ "$(stat -c %G:%a /var/run/supervisor.sock)" = "$1:770" ]
}

supervisor_socket_give() {
    chgrp "$1" /var/run/supervisor.sock
    chmod 0770 /var/run/supervisor.sock
}

# Who signed in, and the port they came by: sudo drops the variable, its parents still have it.
signed_in() {
    echo "${SUDO_USER:-$(id -un)}"
}

ssh_port() {
    pid=$$
    while [ "${pid:-0}" -gt 1 ]; do
        port=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=.* //p')
        if [ -n "$port" ]; then
            echo "$port"
            return
        fi
        pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status")
    done
}
