"""pip and its company beside a job's packages: recent ones for jobs that call pip, else any.

A step that installs something wants a recent pip, compiled. Any other job only must not miss it,
and gets the one that comes with its Python (``ensurepip``), with nothing to resolve or compile.
"""

import os
import re
from pathlib import Path

from fairlead.model import Job
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.pythons import Interpreter

_FIRST_WITHOUT_SETUPTOOLS = (3, 12)
_FIRST_WITH_GOOD_PIP = (3, 8)
_CALLS = r"\b(?:pip\d?|setup\.py|easy_install|virtualenv|wheel)\b|\bpip[\d.]+\b"


def calls_pip(job: Job) -> bool:
    """Whether a job's commands look as if they install something."""
    return bool(job.session) or any(re.search(_CALLS, step.command) for step in job.steps)


def recent(interpreter: Interpreter, trust: str) -> EnvironmentRequest:
    """What steps that call pip need, to be resolved."""
    modern = interpreter.numbers >= _FIRST_WITHOUT_SETUPTOOLS
    lines = ("pip",) if modern else ("pip", "setuptools", "wheel")
    return EnvironmentRequest(interpreter=interpreter, trust=trust, lines=lines)


def bundled(interpreter: Interpreter) -> tuple[Path, ...]:
    """The wheels that came with an interpreter, to be imported from as they are.

    There are none on systems that ship them apart; too old ones are none either.
    """
    folder = interpreter.base_prefix.joinpath(
        "lib", f"python{interpreter.short}", "ensurepip", "_bundled"
    )
    try:
        wheels = sorted(name for name in os.listdir(folder) if name.endswith(".whl"))
    except OSError:
        return ()
    newest = {name.partition("-")[0]: folder / name for name in wheels}  # of two, the last
    if "pip" not in newest or interpreter.numbers < _FIRST_WITH_GOOD_PIP:
        return ()
    return tuple(newest.values())


def pip_scripts(interpreter: Interpreter) -> dict[str, str]:
    """The programs that a pip without an installation lacks: names and bodies."""
    return dict.fromkeys(("pip", "pip3", f"pip{interpreter.short}"), _PIP)


_PIP = """\
import sys
from pip._internal.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""
