"""The runs of a project, kept in its ``.fairlead/`` folder: one folder a run, numbered from 1.

``runs/<number>/result.json`` is the RunResult, ``runs/<number>/jobs/…`` the logs it names. A run
without ``result.json`` is under way or was killed. ``index.jsonl`` has a line a finished run, so
that looking for an earlier one does not read them all; it is made anew where it is missing.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from fairlead.errors import StoreError, UsageError
from fairlead.model import Location, Outcome, Pairs, RunResult, Trigger, encode
from fairlead.runner.select import NOT_SELECTED
from fairlead.util.decoding import from_json
from fairlead.util.fs import locked, remove_tree, unusable, write_atomic


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run in the index. ``seconds`` pairs job ids with what they took."""

    number: int
    outcome: str
    branch: str | None = None
    """What its runs follow one another on: a branch, or a pull request."""
    commit: str | None = None
    tree: str = ""
    dirty: bool = False
    started: float = 0.0
    partial: bool = False
    """Whether only some of the plan's jobs were selected."""
    narrowed: bool = False
    """Whether only some of the jobs' tests were run."""
    seconds: tuple[tuple[str, float], ...] = ()
    outcomes: Pairs = ()
    trusted: bool = True


class _Numbered(msgspec.Struct):
    """All that matters of the lines of others while one is added."""

    number: int


class Records(Protocol):
    """Where runs are written down, and found again to be compared with.

    ``word`` is what one is called in a sentence.
    """

    word: str

    def begin(self) -> int:
        """Take the next number and make its folder. Raises ``StoreError``."""
        ...

    def folder(self, number: int) -> Path:
        """Where the run's logs and artifacts go."""
        ...

    def entries(self) -> tuple[Entry, ...]:
        """What is known of earlier runs, oldest first."""
        ...

    def load(self, number: int) -> RunResult:
        """One run's result. Raises ``UsageError`` where there is none."""
        ...

    def finish(self, result: RunResult, keep: int) -> None:
        """Write a result down; forget all but the newest ``keep`` runs. Raises ``StoreError``."""
        ...


class History:
    """Reads and writes the runs below ``root/.fairlead``."""

    word = "run"

    def __init__(self, root: Path) -> None:
        self.home = root / ".fairlead"
        self._runs = self.home / "runs"
        self._locks: dict[int, int] = {}

    def __del__(self) -> None:
        for number in tuple(self._locks):
            self._let_go(number)

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all finished runs, ascending."""
        try:
            names = os.listdir(self._runs)
        except OSError:
            return ()
        finished = (int(n) for n in names if n.isdecimal() and self._result(int(n)).is_file())
        return tuple(sorted(finished))

    def folder(self, number: int) -> Path:
        """The folder of one run."""
        return self._runs / str(number)

    def load(self, number: int) -> RunResult:
        """One run's result. ``UsageError`` where there is none, ``StoreError`` if unreadable."""
        path = self._result(number)
        try:
            return from_json(path.read_bytes(), RunResult)
        except FileNotFoundError as error:
            known = ", ".join(map(str, self.numbers()[-10:])) or "none yet"
            raise UsageError(f"there is no run {number}", hint=f"runs: {known}") from error
        except (msgspec.DecodeError, OSError) as error:
            where = Location(file=str(path))
            raise StoreError(f"this result cannot be read: {error}", location=where) from error

    def latest(self) -> RunResult | None:
        """The newest finished run."""
        numbers = self.numbers()
        return self.load(numbers[-1]) if numbers else None

    def entries(self) -> tuple[Entry, ...]:
        """The index, oldest first; lines that cannot be read are left out."""
        try:
            lines = (self.home / "index.jsonl").read_bytes().splitlines()
        except OSError:
            return tuple(_entry(result) for n in self.numbers() if (result := self._readable(n)))
        return tuple(entry for line in lines if (entry := _decoded(line)))

    def begin(self) -> int:
        """Take the next number and make its folder. Raises ``StoreError``."""
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
            if not (self.home / ".gitignore").exists():
                write_atomic(self.home / ".gitignore", b"# Made by Fairlead; never committed.\n*\n")
            number = max((int(n) for n in os.listdir(self._runs) if n.isdecimal()), default=0)
            while True:
                number += 1
                try:
                    self.folder(number).mkdir()
                except FileExistsError:
                    continue
                self._hold(number)
                return number
        except OSError as error:
            raise unusable(self.home, error) from error

    def finish(self, result: RunResult, keep: int) -> None:
        """Write a run's result and index line; forget all but the newest ``keep`` runs."""
        entry = _entry(result)
        write_atomic(self._result(result.number), encode(result))
        with locked(self.home / "lock"):
            lines = dict(self._lines()) | {entry.number: encode(entry)}
            kept = sorted(lines)[-keep:]
            write_atomic(self.home / "index.jsonl", b"".join(lines[n] + b"\n" for n in kept))
            self._forget(oldest_kept=kept[0])
        self._let_go(result.number)

    def _hold(self, number: int) -> None:
        """Keep others, who may finish many runs meanwhile, from forgetting this one."""
        lock = self.folder(number) / "lock"
        self._locks[number] = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._locks[number], fcntl.LOCK_EX)

    def _let_go(self, number: int) -> None:
        if (lock := self._locks.pop(number, None)) is not None:
            os.close(lock)
            with suppress(OSError):
                os.unlink(self.folder(number) / "lock")

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the index by the numbers of their runs; those without are left out."""
        try:
            lines = (self.home / "index.jsonl").read_bytes().splitlines()
        except OSError:
            yield from ((entry.number, encode(entry)) for entry in self.entries())
            return
        for line in lines:
            with suppress(msgspec.DecodeError):
                yield from_json(line, _Numbered).number, line

    def _forget(self, oldest_kept: int) -> None:
        for name in os.listdir(self._runs):
            if name.isdecimal() and int(name) < oldest_kept and not self._under_way(int(name)):
                remove_tree(self._runs / name)

    def _readable(self, number: int) -> RunResult | None:
        with suppress(StoreError, UsageError):
            return self.load(number)
        return None

    def _under_way(self, number: int) -> bool:
        """Whether another process still writes that run: it holds the lock in its folder."""
        try:
            handle = os.open(self.folder(number) / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def _result(self, number: int) -> Path:
        return self.folder(number) / "result.json"


def _decoded(line: bytes) -> Entry | None:
    try:
        return from_json(line, Entry)
    except msgspec.DecodeError:
        return None


def _entry(result: RunResult) -> Entry:
    return Entry(
        number=result.number,
        outcome=result.outcome,
        branch=line_of(result.trigger),
        commit=result.trigger.commit,
        tree=result.tree,
        dirty=dict(result.machine).get("dirty") == "yes",
        started=result.started,
        partial=any(skipped.reason == NOT_SELECTED for skipped in result.plan.skipped),
        narrowed=bool(result.plan.keyword),
        seconds=tuple((job.job, round(job.seconds, 3)) for job in result.jobs),
        outcomes=tuple((job.job, str(job.outcome)) for job in result.jobs),
        trusted=result.trigger.trusted,
    )


def line_of(trigger: Trigger) -> str | None:
    """What a run follows others on; a pull request's branch is its target's, which it is not on."""
    if trigger.pull_request:
        return f"pull request {trigger.pull_request}"
    return trigger.branch


def previous(entries: tuple[Entry, ...], branch: str | None) -> tuple[Entry, ...]:
    """The runs to compare with, newest first: those on the branch that had something to say.

    They go back to the last one of all jobs; runs of a few tests tell nothing about the others.
    """
    found: list[Entry] = []
    for entry in reversed(entries):
        told = entry.outcome in ("passed", "failed") and not entry.narrowed
        if entry.branch == branch and told:
            found.append(entry)
            if not entry.partial:
                break
    return tuple(found)


def not_passed(entries: tuple[Entry, ...]) -> frozenset[str]:
    """Ids of jobs that did not pass when they were last run, as far as the last run of all goes.

    A run of a few tests can make a job fail, and not pass.
    """
    ends: dict[str, str] = {}
    for entry in reversed(entries):
        for job, outcome in entry.outcomes:
            if not (entry.narrowed and outcome == Outcome.PASSED):
                ends.setdefault(job, outcome)
        if not (entry.partial or entry.narrowed):
            break
    return frozenset(job for job, outcome in ends.items() if outcome != Outcome.PASSED)


def at_commit(entries: tuple[Entry, ...], commit: str | None) -> Entry | None:
    """The newest complete run of exactly that commit."""
    for entry in reversed(entries):
        whole = not (entry.dirty or entry.partial or entry.narrowed)
        if commit and entry.commit == commit and whole:
            return entry
    return None


def expected_seconds(entries: tuple[Entry, ...]) -> dict[str, float]:
    """What each job took the last time it ended by itself, by job id."""
    found: dict[str, float] = {}
    for entry in entries:
        ends = dict(entry.outcomes)
        found.update({j: s for j, s in entry.seconds if ends.get(j) in ("passed", "failed")})
    return found
