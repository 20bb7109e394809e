"""One Fairlead process that prepares an environment; used by the crash tests.

``builder.py HOME VERSION MOMENT UV PACKAGE...``: at MOMENT it kills itself (-9), or prints the
environment's path and key at the end.
"""

import os
import signal
import sys
from pathlib import Path

from fairlead.model import Install
from fairlead.runner.environments import Environments, read_request
from fairlead.runner.environments import build as building
from fairlead.runner.environments import resolution as resolving
from fairlead.runner.environments.store import Store
from fairlead.runner.environments.uv import Uv
from fairlead.runner.pythons import choose, find


def die(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)


def before(where, name):
    setattr(where, name, die)


def after(where, name):
    original = getattr(where, name)

    def then_die(*args, **more):
        original(*args, **more)
        die()

    setattr(where, name, then_die)


MOMENTS = {
    "none": lambda: None,
    "resolved": lambda: before(resolving, "write_atomic"),
    "resolution kept": lambda: after(resolving, "write_atomic"),
    "folder made": lambda: before(building, "fill") or before(Uv, "install"),
    "skeleton made": lambda: before(Uv, "_install_file"),
    "installed": lambda: after(Uv, "_install_file"),
    "compiled": lambda: after(building, "compile_site"),
    "contents written": lambda: after(building, "write_contents"),
    "before the rename": lambda: before(Store, "publish"),
    "after the rename": lambda: after(Store, "publish"),
}


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(home, version, moment, uv, *packages):
    MOMENTS[moment]()
    found = choose(find(Path(home).parent / "interpreters", os.environ), version)
    environ = dict(os.environ)
    with Environments(Path(home), environ, uv=Path(uv) if uv else None) as environments:
        request = read_request(Install(packages=packages), Path(home).parent, interpreter=found)
        environment = environments.prepare(request, say)
        say(f"done {environment.path} {environment.reused}")


if __name__ == "__main__":
    main(*sys.argv[1:])
