"""A thin virtual environment on top of a stored one, private to a job, made without any program.

Its own packages folder comes first and is empty at the beginning: what a step installs goes
there, and nowhere else. Behind it a ``.pth`` file puts the stored environment and pip.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from fairlead.runner.environments.environment import Environment
from fairlead.runner.environments.scripts import first_line
from fairlead.runner.environments.skeleton import activation, make_skeleton
from fairlead.runner.environments.tools import pip_scripts
from fairlead.util.fs import unusable

PTH = "_fairlead.pth"


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are in a layer, and what a step needs to be in it.

    ``variables`` are for a step; PATH is only what goes in front. A sandbox must show the paths
    of ``readable`` and ``writable`` at their own places.
    """

    folder: Path
    python: Path
    bin: Path
    site_packages: Path
    variables: Mapping[str, str]
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    environment: Environment


def layer(
    environment: Environment,
    folder: Path,
    *,
    extra_paths: Iterable[Path | str] = (),
    imports: Iterable[str] = (),
    prompt: str = "fairlead",
) -> Layer:
    """Make a layer on ``environment`` in ``folder``, which must not exist yet.

    ``extra_paths`` go behind everything else on the interpreter's path; ``imports`` are modules
    that every start of it imports. Raises ``StoreError`` where the disk refuses.
    """
    extra = [str(path) for path in extra_paths]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        site = make_skeleton(folder, environment.interpreter, environment.bare)
        _write_pth(site, environment, [*map(str, environment.wheels), *extra], imports)
        _write_scripts(folder / "bin", environment)
        (folder / "bin" / "activate").write_text(activation(folder, prompt))
    except OSError as error:
        raise unusable(folder, error) from error
    return Layer(
        folder=folder,
        python=folder / "bin" / "python",
        bin=folder / "bin",
        site_packages=site,
        variables={"VIRTUAL_ENV": str(folder), "PATH": str(folder / "bin")},
        readable=(*environment.readable, *(Path(path) for path in extra)),
        writable=(folder, *environment.writable),
        environment=environment,
    )


def _write_pth(
    site: Path, environment: Environment, extra: Iterable[str], imports: Iterable[str]
) -> None:
    """Add the folders in order; ``addsitedir`` also reads the ``.pth`` files that lie in them."""
    lines = [f"import site; site.addsitedir({str(part.site)!r})" for part in environment.parts]
    lines += [*extra, *(f"import {name}" for name in imports)]
    (site / PTH).write_text("".join(f"{line}\n" for line in lines))


def _write_scripts(folder: Path, environment: Environment) -> None:
    """Console scripts that run in this layer; other programs by links. The first part wins."""
    start = first_line(folder / "python")
    seen = set(os.listdir(folder))
    for part in environment.parts:
        scripts = part.contents.scripts
        for name in scripts.other:
            if name not in seen:
                os.symlink(part.path / "bin" / name, folder / name)
        for name, body in scripts.python.items():
            if name not in seen:
                _write_script(folder / name, start + body.encode("utf-8", "surrogateescape"))
        seen.update(scripts.other, scripts.python)
    if environment.wheels:
        for name, body in pip_scripts(environment.interpreter).items():
            if name not in seen:
                _write_script(folder / name, start + body.encode())


def _write_script(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)
