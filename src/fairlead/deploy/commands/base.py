"""What all scripts for hosts have in common: POSIX shell text, quoted once and in one place."""

import shlex
from collections.abc import Iterable

from fairlead.deploy.layout import Layout

BUSY = 75
"""Exit code of a script that waited in vain for another of ours to end (``EX_TEMPFAIL``)."""

WRONG = 70
"""Exit code of a script that was to touch the live slot (``EX_SOFTWARE``); it touched nothing."""

GENTLY = 'read -r me _ </proc/self/stat && renice -n 10 -p "$me" >/dev/null 2>&1 || :\n'
"""What is live goes first on the processor, and so on the disk: for what takes much of them.

``$$`` would be another shell's number where this is one within one.
"""

_WAIT = 60
_LONG = 300


def quote(text: str) -> str:
    """``text`` as one word of the shell."""
    return shlex.quote(text)


def words(texts: Iterable[str]) -> str:
    """Several words beside each other."""
    return " ".join(shlex.quote(text) for text in texts)


def opening(layout: Layout) -> str:
    """The beginning of a script that reads: it stands in the application's folder."""
    return f"cd {quote(layout.root)}\n"


def changing(layout: Layout) -> str:
    """The beginning of a script that changes something.

    Such scripts follow each other, also those of a deployer who was killed: what he had begun
    comes to its end before anybody else touches the same files. Fails with ``BUSY``.
    """
    return (
        f"cd {quote(layout.root)}\n"
        "umask 027\n"
        "exec 9>>.work\n"
        f"flock -w {_WAIT} 9 || {{ echo 'an earlier script still runs on this host' >&2; "
        f"exit {BUSY}; }}\n"
    )


def alone_with_processes() -> str:
    """Behind ``opening`` or ``changing``: nobody else starts or stops processes meanwhile.

    It is a lock of its own, as stopping the old ones goes on beside other scripts.
    """
    return f"exec 8>>.processes\nflock -w {_LONG} 8 || exit {BUSY}\n"


def link(target: str, path: str) -> str:
    """Point the link ``path`` at ``target`` in one step: whoever looks finds the old or the new."""
    folder, _, name = path.rpartition("/")
    aside = f"{folder}/.{name}.new" if folder else f".{name}.new"
    return f"ln -sfn {quote(target)} {quote(aside)}; mv -T {quote(aside)} {quote(path)}\n"


def python(program: str, *arguments: str, environment: str = "") -> str:
    """Run a Python program of ours with the host's own interpreter; it is not an argument."""
    before = f"{environment} " if environment else ""
    return (
        f"{before}python3 -I -S - {words(arguments)} <<'FAIRLEAD'\n{program.rstrip()}\nFAIRLEAD\n"
    )
