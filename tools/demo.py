"""Run Fairlead on the sample application, on two Pythons or more where that can be had."""

import os
import subprocess
import sys
from pathlib import Path

from fairlead.runner.pythons import find
from fairlead.settings import load_settings

SAMPLE = Path(__file__).resolve().parent.parent / "examples" / "bank"
AXIS = ("3.11", "3.12", "3.13")  # as in the sample's fairlead.yml
ENOUGH = 2
PATIENCE = 180
TRIED = Path(sys.prefix) / ".tried-to-fetch"  # once is enough: the next start is a quick one


def main() -> None:
    """See to the interpreters, then become ``fairlead run``."""
    found = present()
    if len(found) < ENOUGH and not TRIED.exists():
        fetch(next(version for version in reversed(AXIS) if version not in found))
        found = present()
    if len(found) < ENOUGH:
        here = f"only Python {found[0]}" if found else "none of them"
        print(f"The sample asks for Python {', '.join(AXIS)}: {here} is on this machine.")
    sys.stdout.flush()
    os.chdir(SAMPLE)
    os.execv(Path(sys.executable).with_name("fairlead"), ["fairlead", "run", *sys.argv[1:]])


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
    main()
