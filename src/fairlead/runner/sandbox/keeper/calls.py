"""The few kernel calls that Python 3.11 has no function for (Linux; see namespaces(7))."""

import ctypes
import os

NEW_MOUNTS = 0x00020000
NEW_PIDS = 0x20000000
OWNER_OF_NAMESPACE = 0xB701  # the ioctl NS_GET_USERNS, see ioctl_ns(2)

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_REMOUNT, _BIND = 32, 4096

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
