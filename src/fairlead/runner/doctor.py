"""What Fairlead needs and finds on this machine; each finding says how to get what is missing."""

import os
import shutil
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.runner.sandbox.limits import spoken_size

_LEAST_FREE = 1 << 30
_LEAST_GIT = (2, 25)


class State(StrEnum):
    """How much a finding matters: ``missing`` means that ``fairlead run`` cannot work."""

    OK = "ok"
    LACKING = "lacking"
    MISSING = "missing"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, and what to do about it."""

    name: str
    state: State
    text: str
    hint: str = ""


def examine(home: Path, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Look at everything; ``home`` is the folder that ``fairlead run`` keeps its caches in."""
    return (
        git(),
        uv(environ),
        interpreters(home, environ),
        writable(home),
        space(home),
        isolation(home),
        control_groups(),
        postgres(),
        redis(),
    )


def can_run(findings: Iterable[Finding]) -> bool:
    """Whether ``fairlead run`` can work."""
    return all(finding.state is not State.MISSING for finding in findings)


def git() -> Finding:
    """Git, and whether it is new enough."""
    from fairlead.util.git import try_git

    try:
        words = try_git("--version", cwd=Path("/")).text
    except FairleadError as error:
        return Finding(
            name="git", state=State.MISSING, text=error.message, hint="install git 2.25 or newer"
        )
    return judge_git(words)


def judge_git(words: str) -> Finding:
    """What ``git --version`` says, judged."""
    version = next((word for word in words.split() if word[:1].isdigit()), "")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers >= _LEAST_GIT:
        return Finding(name="git", state=State.OK, text=version)
    return Finding(
        name="git",
        state=State.MISSING,
        text=f"{version or 'an unknown version'} is too old",
        hint="install git 2.25 or newer",
    )


def uv(environ: Mapping[str, str]) -> Finding:
    """The program that makes environments; installed along with Fairlead."""
    from fairlead.util.proc import run

    try:
        from uv import find_uv_bin

        words = run((find_uv_bin(), "--version"), env=dict(environ), timeout=30).text
    except (ImportError, OSError, FairleadError) as error:
        return Finding(
            name="uv",
            state=State.MISSING,
            text=f"not found ({error})",
            hint="install Fairlead with its dependencies: pip install fairlead",
        )
    return Finding(name="uv", state=State.OK, text=words.removeprefix("uv ").strip())


def interpreters(home: Path, environ: Mapping[str, str]) -> Finding:
    """The Python versions jobs can ask for."""
    from fairlead.runner.pythons import find

    versions = [interpreter.version for interpreter in find(home, environ)]
    if versions:
        return Finding(name="Python", state=State.OK, text=", ".join(dict.fromkeys(versions)))
    return Finding(
        name="Python",
        state=State.MISSING,
        text="no interpreter found",
        hint="install one: uv python install 3.12",
    )


def writable(home: Path) -> Finding:
    """Whether Fairlead's own folder can be written to."""
    place = _nearest(home)
    if os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK):
        return Finding(name="home", state=State.OK, text=str(home))
    return Finding(
        name="home",
        state=State.MISSING,
        text=f"cannot write to {home}",
        hint="name another folder with FAIRLEAD_HOME",
    )


def space(home: Path) -> Finding:
    """The disk space that is left for environments and workspaces."""
    return judge_space(shutil.disk_usage(_nearest(home)).free)


def _nearest(place: Path) -> Path:
    """The folder itself, or the nearest above it that is there and that we may know of."""
    # Not Path.exists, which raises where a folder on the way may not be entered.
    while not os.path.exists(place) and place != place.parent:
        place = place.parent
    return place


def judge_space(free: int) -> Finding:
    """So many bytes of free disk space, judged."""
    text = f"{spoken_size(free)} free"
    if free >= _LEAST_FREE:
        return Finding(name="disk space", state=State.OK, text=text)
    hint = "free some: fairlead env prune"
    return Finding(name="disk space", state=State.LACKING, text=text, hint=hint)


def isolation(home: Path) -> Finding:
    """Whether jobs are isolated, tried out."""
    from fairlead.runner.sandbox.choose import why_not_bubblewrap

    trouble = why_not_bubblewrap(home)
    if trouble is None:
        return Finding(name="isolation", state=State.OK, text="bubblewrap works")
    return Finding(
        name="isolation",
        state=State.LACKING,
        text=f"jobs are not isolated: {trouble.message}",
        hint=trouble.hint,
    )


def control_groups() -> Finding:
    """Which of a job's limits the kernel enforces for us."""
    from fairlead.model import Limits
    from fairlead.runner.sandbox.cgroup import make_groups

    groups = make_groups(Limits(processes=64, memory=64 << 20))
    kept = groups.limits
    groups.drop_empty()
    return judge_limits(kept)


def judge_limits(kept: frozenset[str]) -> Finding:
    """What control groups enforce (``pids``, ``memory``), judged."""
    names = {"pids": "processes", "memory": "memory"}
    have = [words for name, words in names.items() if name in kept]
    lack = [words for name, words in names.items() if name not in kept]
    if not lack:
        text = "limits of processes and memory are enforced"
        return Finding(name="control groups", state=State.OK, text=text)
    enforced = f"limits of {have[0]} are enforced, " if have else ""
    return Finding(
        name="control groups",
        state=State.LACKING,
        text=f"{enforced}limits of {' and '.join(lack)} are checked by sampling",
        hint="run in a systemd user session, or as root, to have them enforced",
    )


def postgres() -> Finding:
    """PostgreSQL for jobs with that service."""
    from fairlead.runner.services.programs import find_postgres

    try:
        return Finding(name="PostgreSQL", state=State.OK, text=str(find_postgres()))
    except FairleadError as error:
        return _no_service("PostgreSQL", error)


def redis() -> Finding:
    """Redis for jobs with that service."""
    from fairlead.runner.services.redis import find

    try:
        return Finding(name="Redis", state=State.OK, text=find())
    except FairleadError as error:
        return _no_service("Redis", error)


def _no_service(name: str, error: FairleadError) -> Finding:
    text = "not installed; only jobs that ask for it need it"
    return Finding(name=name, state=State.LACKING, text=text, hint=error.hint)
