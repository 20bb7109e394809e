"""Programs that build environments (uv, pip, virtualenv): how they are run, what their errors say.

What they inherit decides what they build: a person's ``PYTHONDONTWRITEBYTECODE`` or
``PYTHONPATH`` must not get in, and strangers' code must not get a person's variables.
"""

import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.errors import EnvironmentFailed, StoreError
from fairlead.runner.environments.giving_up import go_on, is_asked
from fairlead.runner.environments.indexes import Indexes, masked
from fairlead.util.proc import Completed

if TYPE_CHECKING:
    from subprocess import Popen

_LOOK_EVERY = 0.1  # seconds

_KEPT = (
    r"PIP_(?:DEFAULT_TIMEOUT|RETRIES|PROXY)"
    r"|UV_(?:DEFAULT_INDEX|INDEX.*|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|NATIVE_TLS"
    r"|SYSTEM_CERTS|INSECURE_HOST|HTTP_.*|REQUEST_.*|OFFLINE|CONCURRENT_.*|CONFIG_FILE|EXCLUDE_NEWER"
    r"|PRERELEASE|RESOLUTION|TORCH_BACKEND|NO_BUILD.*|NO_BINARY.*|ONLY_BINARY.*)"
)
_DROPPED = r"PYTHON|PYENV_|PIP_|UV_|VIRTUAL_ENV|CONDA_|GIT_|__PYVENV|_OLD_VIRTUAL"
_FOR_STRANGERS = (
    r"(?i)PATH|HOME|LANG|LC_.*|TMPDIR|TZ|SSL_CERT_.*|REQUESTS_CA_BUNDLE|(?:https?|no|all)_proxy"
)
_NO_NETWORK = (
    r"(?i)dns error|error sending request|failed to lookup|Temporary failure in name resolution"
    r"|Network is unreachable|Connection refused|Network connectivity is disabled|timed out"
    r"|Max retries exceeded|NewConnectionError"
)
_DISK = (
    r"No space left on device|Read-only file system|Disk quota exceeded|Too many open files"
    r"|os error (?:28|30|122)\b|Errno (?:28|30|122)\b"
)


class Unreachable(EnvironmentFailed):
    """The package indexes cannot be reached."""


def surroundings(environ: Mapping[str, str], indexes: Indexes, *, trusted: bool) -> dict[str, str]:
    """The variables that programs which build environments are run with."""
    kept = {name: value for name, value in environ.items() if not re.match(_DROPPED, name)}
    kept |= {name: value for name, value in environ.items() if re.fullmatch(_KEPT, name)}
    if not trusted:
        kept = {name: value for name, value in kept.items() if re.fullmatch(_FOR_STRANGERS, name)}
    kept["PATH"] = _without_shims(environ.get("PATH", ""))
    kept = indexes.for_uv(private=trusted) | kept | indexes.for_pip(private=trusted)
    return kept | {
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_NO_PYTHON_VERSION_WARNING": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _without_shims(path: str) -> str:
    """PATH without shims: uv gives up where one of them answers with an error."""
    kept = [f for f in path.split(os.pathsep) if os.path.basename(f.rstrip("/")) != "shims"]
    return os.pathsep.join(kept)


def execute(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], keep: int | None = None
) -> Completed:
    """Run a program to its end. ``keep`` is a descriptor that it and its children hold open.

    Raises ``EnvironmentFailed`` where it cannot be run, or is given up (``giving_up``).
    """
    import subprocess

    # Where we may be asked to end it, it is to be ended with all it starts. Else Ctrl-C ends it.
    group = 0 if is_asked() else None
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=() if keep is None else (keep,),
            process_group=group,
        )
    except OSError as error:
        raise EnvironmentFailed(f"cannot run {argv[0]}: {error.strerror}") from error
    with process:
        try:
            stdout, stderr = _outputs(process)
        except BaseException:
            with suppress(ProcessLookupError):
                os.kill(process.pid if group is None else -process.pid, signal.SIGKILL)
            raise
    return Completed(process.returncode, stdout, stderr)


def _outputs(process: "Popen[bytes]") -> tuple[bytes, bytes]:
    """What it wrote until its end. Raises ``EnvironmentFailed`` where that is not waited for."""
    from subprocess import TimeoutExpired

    while True:
        try:
            return process.communicate(timeout=_LOOK_EVERY)
        except TimeoutExpired:
            go_on()


def demand(done: Completed, what: str) -> Completed:
    """The same again, or the error that the program's own words amount to.

    Raises ``StoreError`` for a full or read-only disk, ``Unreachable`` for a network that is
    away, and else ``EnvironmentFailed``.
    """
    if done.code == 0:
        return done
    words = reason(done.stderr.decode("utf-8", "replace") or done.text)
    if done.code < 0 and not words:
        words = f"it was killed by signal {-done.code}"
    if found := re.search(_DISK, words):
        raise StoreError(
            f"{what}: {found[0]}",
            hint="free some space there, or name another folder with FAIRLEAD_HOME",
        )
    kind = Unreachable if re.search(_NO_NETWORK, words) else EnvironmentFailed
    raise kind(f"{what}: {words or f'exit code {done.code}'}")


_NOISE = (
    r"(?i)^(?:warning|deprecation|debug|using python|resolved \d|prepared \d|downloading|building"
    r"|collecting|looking in|notice|\[notice\])"
)
_BOX = r"^[\s\u00d7\u00b7\u2500-\u257f\u25b6]+"


def reason(text: str) -> str:
    """What went wrong, of all that uv or pip wrote: sentences, without boxes or chatter."""
    lines = []
    for raw in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines():
        line = re.sub(_BOX, lambda found: " " * len(found[0].rstrip() and "  "), raw).rstrip()
        if line.strip() and not re.match(_NOISE, line.strip()):
            line = re.sub(r"^(\s*)(?:error|cause|ERROR): ", r"\1", line)
            lines.append(line)
    return masked("\n".join(lines[-40:]).strip())


def warnings(stderr: bytes) -> tuple[str, ...]:
    """The warnings uv gave, one sentence each, without those that are about uv itself."""
    text = stderr.decode("utf-8", "replace")
    found = re.findall(r"(?m)^warning: (.+)$", text)
    ours = (line for line in found if "experimental" not in line and "managed Python" not in line)
    return tuple(dict.fromkeys(masked(line) for line in ours))


def find_uv(environ: Mapping[str, str]) -> Path:
    """The uv program: that of Fairlead's own installation, else the one on PATH."""
    import sys

    beside = Path(sys.executable).parent / "uv"
    if beside.exists():
        return beside.resolve()
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin()).resolve()
    except (ImportError, FileNotFoundError):
        import shutil

        found = shutil.which("uv", path=environ.get("PATH", ""))
    if found:
        return Path(found).resolve()
    raise EnvironmentFailed("uv was not found", hint="install it: pip install uv")
