"""Filling the folder of a new environment: packages, byte code, scripts, contents, no writing."""

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fairlead.errors import StoreError
from fairlead.runner.environments.bytecode import COMPILE, FIRST, Bytecode, packages_in
from fairlead.runner.environments.command import execute
from fairlead.runner.environments.contents import Contents, installed, write_contents
from fairlead.runner.environments.scripts import read_scripts, with_python
from fairlead.runner.environments.store import Aside
from fairlead.runner.pythons import Interpreter
from fairlead.util.fs import unusable

_NOT_PYTHON_FILES = (".lock", ".gitignore", "CACHEDIR.TAG")


class Blueprint(msgspec.Struct, frozen=True, kw_only=True):
    """How to fill an environment that will lie at ``final``.

    ``install`` makes ``content`` an environment with packages in it; ``env`` are the variables
    that programs are run with; ``bytecode`` is what was compiled before.
    """

    kind: str
    interpreter: Interpreter
    final: Path
    install: Callable[[Aside], None]
    env: Mapping[str, str]
    bytecode: Bytecode | None = None


def fill(aside: Aside, blueprint: Blueprint) -> None:
    """Make ``aside.content`` an environment that works once it lies at its final path."""
    try:
        blueprint.install(aside)
        finish(aside, blueprint)
    except OSError as error:
        raise unusable(aside.folder, error) from error


def finish(aside: Aside, blueprint: Blueprint) -> None:
    """All that follows the installation of packages."""
    folder, interpreter = aside.content, blueprint.interpreter
    site = folder / interpreter.site
    for name in _NOT_PYTHON_FILES:
        (folder / name).unlink(missing_ok=True)
    for path in site.glob("_virtualenv.p*"):
        path.unlink()  # uv's and virtualenv's: costs every start of Python, for a user's distutils
    compile_site(site, blueprint, aside.lock)
    scripts = read_scripts(folder / "bin")
    for name, body in scripts.python.items():
        path = folder / "bin" / name
        path.write_bytes(with_python(body, blueprint.final / "bin" / "python"))
    contents = Contents(
        kind=blueprint.kind,
        python=interpreter.version,
        site=interpreter.site,
        installed=installed(site),
        scripts=scripts,
        created=time.time(),
    )
    write_contents(folder, msgspec.structs.replace(contents, bytes=protect(folder)))


def compile_site(site: Path, blueprint: Blueprint, keep: int) -> None:
    """Compile all modules, with the paths they will have.

    uv's own ``--compile-bytecode`` fails on Python 3.6 and writes the paths of the build folder.
    Files that do not compile are left as they are: packages ship templates and old syntax.
    """
    final = str(blueprint.final / blueprint.interpreter.site)
    if blueprint.interpreter.numbers < FIRST or blueprint.bytecode is None:
        _compile(("-m", "compileall", "-q", "-d", final, str(site)), site, blueprint, keep)
        return
    missing = blueprint.bytecode.restore(packages_in(site))
    if missing:
        _compile(("-c", COMPILE, final, *map(str, missing)), site, blueprint, keep)
        blueprint.bytecode.keep(missing)


def _compile(arguments: tuple[str, ...], site: Path, blueprint: Blueprint, keep: int) -> None:
    python = (blueprint.interpreter.real, "-E", "-s", "-S")
    done = execute((*python, *arguments), cwd=site, env=blueprint.env, keep=keep)
    if done.code and b"No space left" in done.stdout + done.stderr:
        raise StoreError(
            f"cannot write {site}: No space left on device",
            hint="free some space there, or name another folder with FAIRLEAD_HOME",
        )


def protect(folder: Path) -> int:
    """Take the right to write from every file below ``folder``; return the bytes they hold.

    Folders keep it: whoever owns them could give it back anyway, and could not remove Fairlead's
    home by ``rm -r`` without. A sandbox shows all of it for reading only.
    """
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode):
                size += found.st_size
                os.chmod(path, stat.S_IMODE(found.st_mode) & ~0o222)
    return size
