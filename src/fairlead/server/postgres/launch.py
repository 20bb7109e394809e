"""PostgreSQL's programs, started as the right user, and ended when we end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.errors import PostgresFailed
from fairlead.util.proc import Completed

# Becomes the account first: a change of user would take the death signal back (prctl(2)).
# Our own death between fork and prctl is seen by having another parent.
_LAUNCHER = """
import ctypes, os, sys
parent, death, uid, gid = map(int, sys.argv[1:5])
try:
    if uid >= 0:
        os.setgroups([]); os.setgid(gid); os.setuid(uid)
    ctypes.CDLL(None).prctl(1, death, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.umask(0o077)
    os.execv(sys.argv[5], sys.argv[5:])
except OSError as error:
    sys.exit(f"error: {sys.argv[5]}: {error.strerror}")
"""
_SURROUNDINGS = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
"""None of the caller's: a stray ``PGDATA`` or ``PGOPTIONS`` must change nothing."""


def launch(
    argv: Sequence[str | Path],
    account: Account,
    *,
    log: IO[bytes] | int,
    stdin: int = subprocess.DEVNULL,
    death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program as ``account`` in a session of its own, so that Ctrl-C is only ours.

    ``death`` is sent to it when the *thread* that called this ends, however it ends (prctl(2),
    PR_SET_PDEATHSIG). Output goes to ``log``.
    """
    who = (account.uid, account.gid) if account.dropped else (-1, -1)
    first = (sys.executable, "-I", "-S", "-c", _LAUNCHER)
    facts = (os.getpid(), int(death), *who)
    try:
        return subprocess.Popen(
            (*first, *map(str, facts), *argv),
            cwd="/",
            env=_SURROUNDINGS,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise PostgresFailed(f"cannot start a process: {error.strerror}") from error


def finish(argv: Sequence[str | Path], account: Account, *, text: bytes = b"") -> Completed:
    """Run a program as ``account`` to its end, with ``text`` as its input.

    All it wrote is in ``stdout``. It is killed when what waits for it is interrupted.
    """
    process = launch(argv, account, log=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        output, _ = process.communicate(text)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return Completed(process.returncode, output, b"")


def ourselves(account: Account) -> Account:
    """The caller instead of the account, for programs that log in to the database."""
    return Account(name=account.caller, uid=os.geteuid(), gid=os.getegid(), caller=account.caller)
