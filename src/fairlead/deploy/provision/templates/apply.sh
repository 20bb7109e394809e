# A part's files take effect together or not at all. What was there before is kept in $undo until
# the part has been checked; whoever comes after a crash finds it there and puts it back first.
aside() {
    echo "$(dirname "$1")/.$(basename "$1").fairlead"
}

put_back() {
    # The last first: two lines for one file are two entries.
    for number in $(ls "$1" | sed -n 's/\.path$//p' | sort -rn); do
        path=$(cat "$1/$number.path")
        old=$1/$number.old
        rm -f "$(aside "$path")"
        [ -f "$1/$number.begun" ] || continue
        if [ -e "$old" ] || [ -L "$old" ]; then
            cp -a --no-dereference "$old" "$(aside "$path")"
            mv -fT "$(aside "$path")" "$path"
        else
            rm -f "$path"
        fi
    done
    forget "$1"
}

# At once: half of it would be taken for files that were not there before.
forget() {
    rm -rf "$state/done"
    mv -fT "$1" "$state/done"
    rm -rf "$state/done"
}

recover() {
    for left in /var/lib/fairlead/*/undo.*; do
        [ -d "$left" ] || continue
        echo "putting back what was interrupted: ${left##*/undo.}"
        put_back "$left"
        recovered="$recovered ${left##*/undo.} "
    done
}

leave() {
    code=$?
    trap - EXIT
    if [ -n "$part" ] && [ -d "$undo" ]; then
        put_back "$undo"
        [ -z "$moved" ] || echo "$part: put back as it was" >&2
    fi
    rm -rf "$stage"
    exit "$code"
}

begin() {
    part=$1
    undo=$state/undo.$part
    count=0
    moved=""
    mkdir -p "$undo"
    echo "= $part"
}

# entry PATH: the next change of this part; sets $entry and $new.
entry() {
    count=$((count + 1))
    entry=$undo/$count
    new=$(aside "$1")
    mkdir -p "$(dirname "$1")"
    printf '%s' "$1" >"$entry.path"
    if [ -e "$1" ] || [ -L "$1" ]; then cp -a --no-dereference "$1" "$entry.old"; fi
    rm -f "$new"
}

# write PATH MODE OWNER GROUP: its input, in a new file. Whoever owns the folder could put a link in
# our way: in other people's folders we write as they are.
write() {
    holder=$(stat -c %U "$(dirname "$1")")
    if [ "$holder" = root ]; then
        (umask 077 && cat >"$1")
        chown -h "$3:$4" "$1"
        chmod "$2" "$1"
    else
        runuser -u "$holder" -- sh -eu -c 'umask 077; cat >"$1"; chmod "$2" "$1"' write "$1" "$2"
        chown -h "$3:$4" "$1"
    fi
}

same_owner() {
    [ "$(stat -c '%a %U' "$1")" = "$2 $3" ] && { [ -z "$4" ] || [ "$(stat -c %G "$1")" = "$4" ]; }
}

# place STAGED PATH MODE OWNER GROUP ONCE ASIDE
place() {
    if [ -n "$6" ] && [ -e "$2" ]; then return; fi
    if [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$stage/$1" "$2" && same_owner "$2" "$3" "$4" "$5"; then return; fi
    [ ! -d "$2" ] || fail "$2 is a folder, and should be a file"
    entry "$2"
    write "$new" "$3" "$4" "$5" <"$stage/$1"
    if [ -n "$7" ]; then loudly "$7" || fail "$2 would not do, and is as it was"; fi
}

# line PATH LINE MODE OWNER GROUP
line() {
    if [ -f "$1" ] && grep -qxF -e "$2" "$1"; then return; fi
    entry "$1"
    if [ -f "$1" ]; then
        # A last line without its end would swallow ours.
        { cat "$1"; [ -z "$(tail -c 1 "$1")" ] || echo; printf '%s\n' "$2"; } |
            write "$new" "$(stat -c %a "$1")" "$(stat -c %U "$1")" "$(stat -c %G "$1")"
    else
        printf '%s\n' "$2" | write "$new" "$3" "$4" "$5"
    fi
    # A second line for the same file continues from here.
    touch "$entry.begun"
    mv -fT "$new" "$1"
    moved=yes
    echo "  $1"
}

link() {
    if [ -L "$1" ] && [ "$(readlink "$1")" = "$2" ]; then return; fi
    if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir "$1" || fail "$1 is a folder with something in it, and should be a link to $2"; fi
    entry "$1"
    ln -s "$2" "$new"
}

absent() {
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then return; fi
    [ ! -d "$1" ] || [ -L "$1" ] || fail "$1 is a folder, and should not be there"
    entry "$1"
}

folder() {
    [ ! -L "$1" ] || fail "$1 is a link, and should be a folder"
    [ -d "$1" ] || mkdir -p "$1"
    if same_owner "$1" "$2" "$3" "$4"; then return; fi
    chown -h "$3:$4" "$1"
    # Following a link is what chmod always does; as the owner it leads to nothing of others.
    if [ "$3" = root ]; then chmod "$2" "$1"; else runuser -u "$3" -- chmod "$2" "$1"; fi
    echo "  $1"
}

# What is started here lives on: it must hold neither our lock nor the connection.
quietly() {
    (eval "$1") </dev/null >"$stage/said" 2>&1 9>&-
}

loudly() {
    code=0
    quietly "$1" || code=$?
    if [ "$code" -ne 0 ]; then tail -n 15 "$stage/said" >&2; else sed 's/^/  /' "$stage/said"; fi
    return "$code"
}

ensure() {
    if quietly "$2"; then return; fi
    echo "  $1"
    loudly "$3" || fail "could not $1"
}

# What had been put back may be in force already, though the files say otherwise by now.
to_finish() {
    [ "$count" -gt 0 ] || case $recovered in *" $part "*) true ;; *) false ;; esac
}

# finish CHECK EFFECT: move the part's files to their places, check them, let them take effect.
finish() {
    if to_finish; then
        number=0
        while [ "$number" -lt "$count" ]; do
            number=$((number + 1))
            path=$(cat "$undo/$number.path")
            new=$(aside "$path")
            [ ! -f "$undo/$number.begun" ] || continue
            touch "$undo/$number.begun"
            moved=yes
            if [ -e "$new" ] || [ -L "$new" ]; then mv -fT "$new" "$path"; else rm -f "$path"; fi
            echo "  $path"
        done
        if [ -n "$1" ]; then loudly "$1" || fail "$part: the check fails"; fi
        if [ -n "$2" ] && ! loudly "$2"; then
            put_back "$undo"
            quietly "$2" || true
            fail "$part: could not take effect; put back as it was"
        fi
    fi
    forget "$undo"
    part=""
}

packages() {
    echo "= packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    # What an interrupted run left half configured.
    loudly 'dpkg --configure -a --force-confold >/dev/null'
    quietly 'apt-get update -q' || echo "  the lists of packages could not be made fresh"
    wanted=$*
    quietly 'apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold \
        -o DPkg::Lock::Timeout=300 $wanted' ||
        { tail -n 15 "$stage/said" >&2; fail "apt-get could not install: $*"; }
}

umask 022
state=/var/lib/fairlead/$app
stage=$state/stage
part="" undo="" moved="" recovered=""
mkdir -p "$state"
chmod 0700 "$state"
exec 9>/var/lib/fairlead/lock
flock -n 9 || fail "somebody else provisions this host just now"
trap leave EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$stage" "$state/done"
mkdir "$stage"
recover
tar -xf - -C "$stage"
