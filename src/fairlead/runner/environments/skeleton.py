"""Bare virtual environments, made by hand: a few links and one file, no program run.

The layout is that of ``venv`` (PEP 405). Python 2 knows no ``pyvenv.cfg``; there a bare
environment that virtualenv made once is copied.
"""

import os
from pathlib import Path

from fairlead.runner.environments.contents import FILE
from fairlead.runner.pythons import Interpreter

FIRST_WITH_CFG = (3, 3)


def make_skeleton(folder: Path, interpreter: Interpreter, bare: Path | None = None) -> Path:
    """Make an empty virtual environment in ``folder`` and return its packages folder.

    ``bare`` is the folder to copy for an interpreter older than 3.3. Raises ``OSError``.
    """
    site = folder / interpreter.site
    if interpreter.numbers < FIRST_WITH_CFG:
        if bare is None:
            raise ValueError(f"Python {interpreter.version} needs a bare environment to copy")
        import shutil

        ours = shutil.ignore_patterns(FILE)
        shutil.copytree(bare, folder, symlinks=True, dirs_exist_ok=True, ignore=ours)
        site.mkdir(parents=True, exist_ok=True)
        return site
    site.mkdir(parents=True)
    binaries = folder / "bin"
    binaries.mkdir()
    os.symlink(interpreter.real, binaries / "python")
    for name in _names(interpreter):
        os.symlink("python", binaries / name)
    if interpreter.site.startswith("lib/"):
        os.symlink("lib", folder / "lib64")
    (folder / "pyvenv.cfg").write_text(
        f"home = {interpreter.real.parent}\n"
        "include-system-site-packages = false\n"
        f"version = {interpreter.version}\n"
        f"executable = {interpreter.real}\n"
    )
    return site


def _names(interpreter: Interpreter) -> tuple[str, ...]:
    names = [f"python{interpreter.numbers[0]}", f"python{interpreter.short}"]
    if interpreter.free_threaded:
        names.append("python{}.{}".format(*interpreter.numbers))
    if interpreter.implementation == "pypy":
        names += ["pypy", f"pypy{interpreter.numbers[0]}", f"pypy{interpreter.short}"]
    return tuple(names)


ACTIVATE = """\
# Made for `. bin/activate` in sh, bash and zsh.
deactivate () {{
    if [ -n "${{_OLD_VIRTUAL_PATH+set}}" ]; then
        PATH="$_OLD_VIRTUAL_PATH"; export PATH; unset _OLD_VIRTUAL_PATH
    fi
    if [ -n "${{_OLD_VIRTUAL_PYTHONHOME+set}}" ]; then
        PYTHONHOME="$_OLD_VIRTUAL_PYTHONHOME"; export PYTHONHOME; unset _OLD_VIRTUAL_PYTHONHOME
    fi
    if [ -n "${{_OLD_VIRTUAL_PS1+set}}" ]; then
        PS1="$_OLD_VIRTUAL_PS1"; export PS1; unset _OLD_VIRTUAL_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    hash -r 2>/dev/null || true
    if [ "${{1:-}}" != nondestructive ]; then unset -f deactivate; fi
}}
deactivate nondestructive
VIRTUAL_ENV={quoted}
export VIRTUAL_ENV
VIRTUAL_ENV_PROMPT={prompt}
export VIRTUAL_ENV_PROMPT
_OLD_VIRTUAL_PATH="$PATH"
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
if [ -n "${{PYTHONHOME+set}}" ]; then
    _OLD_VIRTUAL_PYTHONHOME="$PYTHONHOME"; unset PYTHONHOME
fi
if [ -n "${{PS1+set}}" ] && [ -z "${{VIRTUAL_ENV_DISABLE_PROMPT:-}}" ]; then
    _OLD_VIRTUAL_PS1="$PS1"
    PS1="($VIRTUAL_ENV_PROMPT) $PS1"
    export PS1
fi
hash -r 2>/dev/null || true
"""


def activation(folder: Path, prompt: str) -> str:
    """The text of ``bin/activate`` for an environment in ``folder``."""
    import shlex

    return ACTIVATE.format(quoted=shlex.quote(str(folder)), prompt=shlex.quote(prompt))
