"""As whom PostgreSQL runs: it refuses to be root."""

import os
import pwd
from pathlib import Path

import msgspec

from fairlead.server.postgres.errors import ELSEWHERE, PostgresFailed

# A user of its own is best: what else runs as nobody could read the database's files.
CANDIDATES = ("fairlead", "postgres", "nobody")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The system user that owns the data; ``dropped`` where we are root and it is not.

    ``caller`` is who we are: the one user that may log in to the database.
    """

    name: str
    uid: int
    gid: int
    caller: str
    dropped: bool = False

    def give(self, path: Path) -> None:
        """Let the account own a file or folder that we have made."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(data: Path) -> Account:
    """Ourselves, or as root whoever owns ``data``; for a new one the first of ``CANDIDATES``.

    Raises ``PostgresFailed`` where the folder is somebody else's, or where a user has no name.
    """
    caller = _entry(os.geteuid())
    owner = _owner(data)
    if caller.pw_uid:
        if owner not in (None, caller.pw_uid):
            raise PostgresFailed(
                f"{data} belongs to user {owner}, not to {caller.pw_name}",
                hint="run it as the user whose folder it is, or give it to yours with chown -R",
            )
        return _account(caller, caller)
    return _account(_unprivileged() if owner is None else _entry(owner), caller)


def _account(entry: pwd.struct_passwd, caller: pwd.struct_passwd) -> Account:
    return Account(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        caller=caller.pw_name,
        dropped=caller.pw_uid == 0,
    )


def _owner(data: Path) -> int | None:
    try:
        return data.lstat().st_uid or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PostgresFailed(
            f"{data} may not be looked at: {error.strerror}", hint="run it as its owner"
        ) from error


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise PostgresFailed(
            f"user {uid} has no name on this machine, and PostgreSQL wants one",
            hint=f"add the user to /etc/passwd, {ELSEWHERE}",
        ) from None


def _unprivileged() -> pwd.struct_passwd:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return entry
    raise PostgresFailed(
        "PostgreSQL does not run as root, and there is no user to run it as",
        hint="make one (useradd --system fairlead), or run Fairlead as an ordinary user",
    )
