"""Show Fairlead on the sample application: ``demo.py [serve|deploy|run|stop] [ARGUMENT...]``.

``serve``: a server, a push to it, the build watched to its verdict; ``KEEP=1`` leaves it running,
and ``stop`` stops that one. Then ``deploy``, which can be had alone: a host, three releases to it
under load, the last of them bad. ``run``: neither, what follows goes to ``fairlead run``.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import whole_way

from fairlead.errors import FairleadError
from fairlead.runner.pythons import find
from fairlead.settings import load_settings

SAMPLE = Path(__file__).resolve().parent.parent / "examples" / "bank"
AXIS = ("3.11", "3.12", "3.13")  # as in the sample's fairlead.yml
ENOUGH = 2
PARTS = ("serve", "deploy", "run", "stop")
PATIENCE = 180
TRIED = Path(sys.prefix) / ".tried-to-fetch"  # once is enough: the next start is a quick one


def main() -> int:
    """Do what was asked for; the exit code."""
    told = arguments()
    if told.what == "stop":
        return whole_way.stop(told.folder)
    if told.app == SAMPLE:
        see_to_interpreters()
    sys.stdout.flush()
    if told.what == "run":
        os.chdir(told.app)
        os.execv(Path(sys.executable).with_name("fairlead"), ["fairlead", "run", *told.rest])
    code = 0
    if told.what == "serve":
        keep = os.environ.get("KEEP", "") not in ("", "0")
        code = whole_way.go(told.app, told.folder, keep=keep)
    return code or deploy(told.app)


def deploy(app: Path) -> int:
    """Take an application that says where it goes to a host; the exit code."""
    if "\nenvironments:" not in (app / "fairlead.yml").read_text("utf-8"):
        return 0
    import to_hosts

    return to_hosts.go(app)


def arguments() -> argparse.Namespace:
    """What is to be shown, of which application, and where a server that is kept has its data."""
    parser = argparse.ArgumentParser(prog="demo.py", allow_abbrev=False)
    parser.add_argument("--app", type=Path, default=SAMPLE)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("what", nargs="?", choices=PARTS, default="serve")
    told, rest = parser.parse_known_args()
    told.rest = rest
    told.folder = told.folder or whole_way.kept_folder()
    if rest and told.what != "run":
        parser.error(f"unknown: {' '.join(rest)} (for `fairlead run`: DEMO='run {' '.join(rest)}')")
    return told


def see_to_interpreters() -> None:
    """Have two of the sample's interpreters where that is possible, and say so where not."""
    found = present()
    if len(found) < ENOUGH and not TRIED.exists():
        fetch(next(version for version in reversed(AXIS) if version not in found))
        found = present()
    if len(found) < ENOUGH:
        here = f"only Python {found[0]}" if found else "none of them"
        print(f"The sample asks for Python {', '.join(AXIS)}: {here} is on this machine.")


def present() -> list[str]:
    """The versions of the sample's axis that Fairlead finds."""
    settings = load_settings(os.environ)
    pythons = find(settings.home, os.environ)
    minors = {".".join(p.version.split(".")[:2]) for p in pythons if p.implementation == "cpython"}
    return [version for version in AXIS if version in minors]


def fetch(version: str) -> None:
    """Let uv fetch an interpreter into its own folder; without a network we go on as we are."""
    print(f"Only one Python is here; fetching {version} …", flush=True)
    TRIED.touch()
    argv = [sys.executable, "-m", "uv", "python", "install", "--quiet", "--no-bin", version]
    try:
        done = subprocess.run(argv, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        worked = done.returncode == 0
    except subprocess.TimeoutExpired:
        worked = False
    if not worked:
        print(f"Python {version} could not be fetched from here.")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FairleadError as problem:
        print(f"error: {problem.message}", file=sys.stderr)
        if problem.hint:
            print(f"  {problem.hint}", file=sys.stderr)
        sys.exit(2)
