"""The few kernel calls that Python 3.11 has no function for (Linux; see namespaces(7))."""

import ctypes
import os

NEW_MOUNTS = 0x00020000
NEW_PIDS = 0x20000000
OWNER_OF_NAMESPACE = 0xB701  # the ioctl NS_GET_USERNS, see ioctl_ns(2)

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE = 32, 4096, 16384
_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def join(namespace: int, what: str) -> None:
    """Enter the namespace that the descriptor leads to."""
    _checked(_libc.setns(namespace, 0), f"entering the {what} namespace")


def unshare(flags: int) -> None:
    """Make new namespaces; that of processes holds from the next child on."""
    _checked(_libc.unshare(flags), "making namespaces")


def mount_proc() -> None:
    """Show the processes of our own namespace on ``/proc``."""
    flags = _NOSUID | _NODEV | _NOEXEC
    _checked(_libc.mount(b"proc", b"/proc", b"proc", flags, None), "mounting /proc")


def bind(source: str, place: str) -> None:
    """Show ``source`` and all that is mounted below it at ``place``, which must exist."""
    names = os.fsencode(source), os.fsencode(place)
    _checked(_libc.mount(*names, None, _BIND | _RECURSIVE, None), f"showing {source}")


def restrict(place: str, *, read_only: bool) -> None:
    """Take rights from a mount: devices and set-user-id programs, and writing where said."""
    kept = os.statvfs(place).f_flag & (_RDONLY | _NOEXEC)  # not ours to give back
    flags = _REMOUNT | _BIND | _NOSUID | _NODEV | kept | (_RDONLY if read_only else 0)
    _checked(_libc.mount(None, os.fsencode(place), None, flags, None), f"restricting {place}")


def detach(path: str) -> None:
    """Take a mount, and what is below it, out of sight for ever."""
    _checked(_libc.umount2(os.fsencode(path), _DETACH), f"hiding {path}")


def make_read_only(path: str) -> None:
    """Lay a read-only view of ``path`` over itself."""
    name = os.fsencode(path)
    _checked(_libc.mount(name, name, None, _BIND, None), f"covering {path}")
    flags = _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV | _NOEXEC
    _checked(_libc.mount(None, name, None, flags, None), f"covering {path}")


def adopt_orphans() -> bool:
    """Become the parent of all orphaned descendants; false where the system knows no such thing."""
    try:
        prctl = _libc.prctl
    except AttributeError:
        return False
    return bool(prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def refuse_new_privileges() -> None:
    """From here on no program gives more rights than its caller has."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "giving up privileges")
