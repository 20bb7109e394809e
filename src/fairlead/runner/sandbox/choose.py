"""Which sandbox is used: bubblewrap where it works here, the process fallback elsewhere."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from fairlead.errors import FairleadError, SandboxFailed
from fairlead.model import Network
from fairlead.runner.sandbox.base import BoxSpec, Sandbox
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
from fairlead.runner.sandbox.helper import helper
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic
from fairlead.util.proc import find_program

_INSTALL = (
    "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
)
_APPARMOR = (
    "Ubuntu's AppArmor forbids it user namespaces: allow them for bwrap with a profile in "
    "/etc/apparmor.d, or with sysctl kernel.apparmor_restrict_unprivileged_userns=0"
)
_NAMESPACES = (
    "allow user namespaces: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone"
)


def choose(setting: str, cache: Path) -> Sandbox:
    """The sandbox to use: ``setting`` is ``auto``, ``bubblewrap`` or ``process``.

    ``cache`` is the folder in which to remember that bubblewrap works, so that the next run need
    not try. Raises ``SandboxFailed`` where bubblewrap is insisted on and does not work.
    """
    if setting not in SETTINGS:
        known = ", ".join(SETTINGS)
        raise FairleadError(f"unknown sandbox {setting!r}", hint=f"known sandboxes: {known}")
    helper()  # starts while other things are done
    return SETTINGS[setting](cache)


def _isolating(cache: Path) -> Sandbox:
    if trouble := why_not_bubblewrap(cache):
        raise trouble
    return Bubblewrap()


def _best(cache: Path) -> Sandbox:
    if trouble := why_not_bubblewrap(cache):
        return _without(cache, trouble.message)
    return Bubblewrap()


def _without(cache: Path, why: str = "") -> Sandbox:
    from fairlead.runner.sandbox.process import Process

    del cache
    return Process(why) if why else Process()


SETTINGS: dict[str, Callable[[Path], Sandbox]] = {
    "auto": _best,
    "bubblewrap": _isolating,
    "process": _without,
}


def why_not_bubblewrap(cache: Path) -> SandboxFailed | None:
    """Why bubblewrap cannot be used here, with what to do about it; ``None`` where it can."""
    if sys.platform != "linux":
        return SandboxFailed("bubblewrap runs on Linux only")
    program = find_program("bwrap")
    if program is None:
        return SandboxFailed("bubblewrap is not installed", hint=_INSTALL)
    mark = cache / "sandbox" / _fingerprint(program)
    if os.path.exists(mark):  # not Path.exists, which raises where we may not look
        return None
    trouble = probe(program)
    if trouble is None:
        # Only success is remembered: who has mended something wants to see it.
        try:
            write_atomic(mark, b"")
        except FairleadError:
            return None
    return trouble


def _fingerprint(program: str) -> str:
    """Changes with what could change the answer: the program, the kernel, the user."""
    status = os.stat(program)
    facts = (program, status.st_mtime_ns, status.st_size, os.uname().release, os.geteuid(), 1)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def probe(program: str) -> SandboxFailed | None:
    """Run a command in a box such as jobs get, without and so with all namespaces."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fairlead-") as folder:
        place = Path(folder)
        (place / "ws").mkdir()
        spec = BoxSpec(
            name="probe",
            workspace=place / "ws",
            scratch=place / "scratch",
            network=Network(mode="none"),
        )
        try:
            with Bubblewrap(program).open(spec) as box:
                command = box.start(("true",), {})
                code = command.wait()
        except SandboxFailed as error:
            return _explained(error.message)
    return None if code == 0 else SandboxFailed(f"a command in bubblewrap ended with {code}")


def _explained(words: str) -> SandboxFailed:
    """What bubblewrap says, with what it means."""
    message = f"bubblewrap does not work here: {words.removeprefix('bwrap: ')}"
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return SandboxFailed(message, hint=_APPARMOR)
    if "namespace" in words or "uid map" in words or "ermitted" in words:
        return SandboxFailed(message, hint=_NAMESPACES)
    return SandboxFailed(message)


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text("ascii").strip()
    except OSError:
        return ""
