"""Lock what we install, by hash, into ``requirements/`` (and the sample's own).

``make lock`` takes the newest versions that ``pyproject.toml`` allows. All files of one project
come from one resolution, so that they can be installed together; only the servers that we are
measured beside stand alone. The files name no registry: whoever installs says where from, and the
hashes say what.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made from pyproject.toml by `make lock`.\n"
# Places beside the registry would put files into the lock that nobody else can get.
ELSEWHERE = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONSTRAINT", "UV_OVERRIDE")
UNWANTED = re.compile(r"://|^--?[a-z]| @ ", re.MULTILINE)

SERVER = "--extra=server"
OURS = {
    "run": (),
    "server": (SERVER,),
    "dev": (SERVER, "--group=dev"),
    "docs": ("--group=docs",),
    "bench": ("--group=bench",),
}
PEERS = "peers"
SAMPLE = {name: (f"--group={name}",) for name in ("run", "test", "lint", "docs")}


def main() -> None:
    """Lock both projects, or say which file cannot be locked and why."""
    lock(ROOT, "3.11", OURS)
    lock_peers()
    lock(ROOT / "examples" / "bank", "3.9", SAMPLE)


def lock(project: Path, oldest: str, files: dict[str, tuple[str, ...]]) -> None:
    """Write ``requirements/NAME.txt`` of ``project`` for each name and its extras and groups."""
    everything = sorted({part for parts in files.values() for part in parts})
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as common:
        common.write(resolve(project, oldest, ("pyproject.toml", *everything)))
        common.flush()
        for name, parts in files.items():
            source = ("pyproject.toml", *parts)
            text = resolve(
                project, oldest, source, "--generate-hashes", "--constraints", common.name
            )
            write(project, name, text)


def lock_peers() -> None:
    """Lock the servers that we are measured beside: a group alone, without our own packages."""
    group = f"--group=pyproject.toml:{PEERS}"
    write(ROOT, PEERS, resolve(ROOT, "3.11", (group,), "--generate-hashes"))


def write(project: Path, name: str, text: str) -> None:
    """Keep a lock that names only packages of the registry."""
    if found := UNWANTED.search(text):
        sys.exit(f"{name}: the lock would hold {found.group()!r}")
    target = project / "requirements" / f"{name}.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text(HEADER + text, "utf-8")
    print(f"{target.relative_to(ROOT)}: {text.count('==')} packages")


def resolve(project: Path, oldest: str, source: Sequence[str], *more: str) -> str:
    """Ask uv for one universal resolution of files, extras and groups of the project."""
    argv = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet"),
        *("--universal", "--python-version", oldest, "--no-python-downloads", "--no-config"),
        *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
        *source,
        *more,
    ]
    surroundings = {name: text for name, text in os.environ.items() if name not in ELSEWHERE}
    done = subprocess.run(
        argv, cwd=project, env=surroundings, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{project.name}: no resolution")
    return done.stdout


if __name__ == "__main__":
    main()
