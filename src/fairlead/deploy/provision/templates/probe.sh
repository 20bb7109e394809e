# Each line is a kind and its words, with tabs between them; see probe.py, which reads them.
say() {
    first=$1
    shift
    printf '%s' "$first"
    printf '\t%s' "$@"
    printf '\n'
}

look() {
    if [ -L "$1" ]; then
        say at "$1" link 777 root root "$(readlink "$1" | base64 -w0)"
    elif [ -d "$1" ]; then
        # shellcheck disable=SC2046
        say at "$1" folder $(stat -c '%a %U %G' "$1") ""
    elif [ -f "$1" ]; then
        # shellcheck disable=SC2046
        say at "$1" "$2" $(stat -c '%a %U %G' "$1") "$(contents "$1" "$2")"
    elif [ -e "$1" ]; then
        say at "$1" other 0 root root ""
    fi
}

contents() {
    if [ "$2" = secret ]; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        base64 -w0 <"$1"
    fi
}

ask() {
    if (eval "$2") </dev/null >/dev/null 2>&1; then say ensure "$1" yes; else say ensure "$1" no; fi
}

probe() {
    say fact system "$(. /etc/os-release 2>/dev/null && echo "$ID ${VERSION_ID:-}")"
    who=$(signed_in)
    home=$(getent passwd "$who" | cut -d: -f6)
    say fact signed_in "$who"
    say fact home "$home"
    for port in $(ssh_port) $(sshd -T 2>/dev/null | sed -n 's/^port //p'); do
        say fact ssh_port "$port"
    done
    ss -Hltn 2>/dev/null | awk '$4 !~ /^(127\.|\[::1\]|\[::ffff:127\.)/ { sub(/.*:/, "", $4); print $4 }' |
        sort -un | while read -r port; do say fact listening "$port"; done
    if systemd; then say fact systemd yes; else say fact systemd no; fi
    if [ -f /proc/net/if_inet6 ]; then say fact ipv6 yes; else say fact ipv6 no; fi
    if clock=$(clock_service); then say fact clock "$clock"; fi
    if ufw status 2>/dev/null | grep -q '^Status: active'; then say fact ufw yes; fi
    dpkg-query -W -f '${db:Status-Status}\t${Package}, ${Provides}\n' |
        sed -n 's/^installed\t/package\t/p'
    look "$home/.ssh" text
    look "$home/.ssh/authorized_keys" text
    for left in /var/lib/fairlead/"$1"/undo.*; do
        if [ -d "$left" ]; then say unfinished "${left##*/undo.}"; fi
    done
}
