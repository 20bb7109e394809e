"""Asking a program whether it is a Python, and which."""

import os
from pathlib import Path

_PATIENCE = 5.0
"""Seconds an interpreter may take to say what it is."""

# Runs on Python 2.7 too, one answer a line.
_PROBE = """
import os, sys, sysconfig
v = sys.version_info
tail = "" if v[3] == "final" else {"alpha": "a", "beta": "b"}.get(v[3], "rc") + str(v[4])
names = sysconfig.get_scheme_names()
pypy = "__pypy__" in sys.builtin_module_names
scheme = "venv" if "venv" in names else "pypy" if pypy and "pypy" in names else "posix_prefix"
bases = dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase"), "/B")
print("%d.%d.%d%s" % (v[0], v[1], v[2], tail))
print("pypy" if pypy else "cpython")
print(os.path.realpath(sys.executable))
print(sys.prefix)
print(getattr(sys, "base_prefix", getattr(sys, "real_prefix", sys.prefix)))
print(sysconfig.get_platform())
print(sysconfig.get_config_var("SOABI") or "")
print(os.path.relpath(sysconfig.get_path("purelib", scheme, bases), "/B"))
print(int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))))
print("fairlead-probe-end")
"""
_LINES = _PROBE.count("\nprint(")
_END = "fairlead-probe-end"


def answer_of(path: Path) -> list[str]:
    """What a program prints for the probe, or nothing; one that hangs is killed with its group."""
    import signal
    import subprocess
    from contextlib import suppress

    bare = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}
    try:
        process = subprocess.Popen(
            (path, "-E", "-s", "-S", "-c", _PROBE),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bare,
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        return []
    with process:
        try:
            output, _ = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            output = b""
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
    lines = os.fsdecode(output).splitlines() if process.returncode == 0 else []
    whole = len(lines) == _LINES and lines[-1] == _END
    return lines if whole else []
