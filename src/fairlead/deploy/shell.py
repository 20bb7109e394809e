"""How a script reaches a shell on a host: the one command line that is the same for all of them.

What is sent on the channel is the script, then its input, and then nothing: that the channel stays
open is how the host knows that we are still there. Once it closes, everything that the script
started in its process group is ended there, whoever it runs as. A script that did not arrive whole
never begins, and one whose input did not is ended before it can take the piece for all of it.
"""

import shlex
from typing import Final

BEGUN: Final = b":fairlead:"
"""What the shell writes first, with its process id and a line end: it is who it has to be."""

GRACE: Final = 10.0
"""Seconds beyond a script's time after which the host ends it without being asked."""

BEAT: Final = 5.0
"""How often one of ours that stays is told that we are there, in seconds."""

_SILENCE = 25
"""Seconds without a beat after which the host believes that we are gone."""

END: Final = b"."
"""What is sent behind a script's input, to say that this was all."""

_WHOLE = "# whole"
"""The last line of a script as it is sent."""

_KEEPER = "echo $$; {feed}{{ exec >/dev/null; {watch}; }}; {end}"
"""What feeds a script, sees to it that we are there, and ends it once we are not."""

_END_KINDLY = 'trap "" TERM; kill 0; sleep 1; kill -9 0'
_END_AT_ONCE = "kill -9 0"


def command_for(become: tuple[str, ...], *, script: int, data: int, timeout: float | None) -> str:
    """The command line that reads and runs a script of so many bytes with so many as its input.

    ``become`` goes before the shell. Without ``timeout`` (seconds) it stays as long as a byte comes
    at least every ``BEAT`` seconds, and is killed then without a warning. Neither script nor input
    is ever an argument: others on the host can read those.
    """
    return f"exec {line((*become, 'sh', '-c', _shell(script, data, timeout)))}"


def wrapped(script: str) -> bytes:
    """A script as it is sent."""
    return f"{script}\n{_WHOLE}".encode()


def becoming(login: str, user: str) -> tuple[str, ...]:
    """What makes ``user`` of who signed in as ``login``; nothing where they are the same.

    root needs no sudo, which a bare machine may not have.
    """
    if login == user:
        return ()
    if login == "root":
        group = f'"$(id -g {shlex.quote(user)})"'
        return ("setpriv", "--reuid", user, "--regid", group, "--init-groups", "--reset-env")
    return ("sudo", "-n", "-H", "-u", user, "--")


def ending(become: tuple[str, ...], process: int) -> str:
    """The command line that ends the process group of the shell that said it was ``process``."""
    script = (
        f"read -r _ _ _ _ g _ 2>/dev/null </proc/{process}/stat || exit 0; "
        'kill -TERM "-$g"; sleep 1; kill -KILL "-$g"'
    )
    return line((*become, "sh", "-c", script))


def line(parts: tuple[str, ...]) -> str:
    """A command line; only what asks the host for a group is no plain word."""
    return " ".join(part if part.startswith('"$(') else shlex.quote(part) for part in parts)


def _shell(script: int, data: int, timeout: float | None) -> str:
    if timeout is None:
        limit, end = "", _END_AT_ONCE
        watch = f'while [ "$(timeout --foreground {_SILENCE} head -c 1)" ]; do :; done'
    else:
        limit, end = f"timeout --foreground {timeout + GRACE:.0f} ", _END_KINDLY
        watch = f"{limit}cat"
    begin = (
        f"_t=; trap _t=1 TERM; echo {BEGUN.decode()}$$; cd /; export LC_ALL=C.UTF-8 "
        f'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; _s=$(head -c {script}); '
        f'case "$_s" in *"{_WHOLE}") ;; *) exit 255 ;; esac; '
    )
    if not data:
        # Where it has to end, whatever of it is left has its time until the keeper kills it too.
        return (
            f"{begin}exec 3<&0; {{ {watch}; {end}; }} <&3 3<&- >/dev/null 2>&1 & _w=$!; "
            f'(set -eu; eval "$_s") </dev/null 3<&-; _c=$?; [ -z "$_t" ] || wait; '
            f'kill -PIPE "$_w" 2>/dev/null; exit "$_c"'
        )
    feed = f'{limit}head -c {data}; [ -n "$(head -c 1)" ] && '
    keeper = shlex.quote(_KEEPER.format(feed=feed, watch=watch, end=end))
    # The left one feeds and watches; the right one is the script, and ends it when it has ended.
    return (
        f"{begin}sh -c {keeper} 2>/dev/null | {{ read -r _w; "
        f'(set -eu; eval "$_s"); _c=$?; kill -PIPE "$_w" 2>/dev/null; exit "$_c"; }}'
    )
