"""What a run is compared with: the one before on its branch, and the one where it began."""

import threading
from functools import cached_property

from fairlead.errors import FairleadError
from fairlead.model import Comparison, Report, RunResult, Trigger
from fairlead.runner.checkout import Source
from fairlead.runner.history import Entry, Records, at_commit, line_of, previous


class Baseline:
    """Earlier results and the lines a change touches, each read once and only when wanted."""

    def __init__(self, history: Records, source: Source, trigger: Trigger) -> None:
        self._history = history
        self._source = source
        self._trigger = trigger
        self._lock = threading.RLock()

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The index of earlier runs; what strangers' changes reported is no measure for others."""
        entries = self._history.entries()
        if not self._trigger.trusted:
            return entries
        return tuple(entry for entry in entries if entry.trusted)

    @cached_property
    def before(self) -> tuple[RunResult, ...]:
        """The previous runs on the branch, newest first, back to the last one of all jobs."""
        found = map(self._load, previous(self.entries, line_of(self._trigger)))
        return tuple(result for result in found if result)

    @cached_property
    def began(self) -> RunResult | None:
        """The run of the commit that the change is measured from."""
        return self._load(at_commit(self.entries, self._source.base))

    @cached_property
    def changed(self) -> dict[str, frozenset[int]] | None:
        """Lines of each path that differ from the base commit, ``None`` without a base."""
        from fairlead.reports import diff

        base = self._source.base
        return dict(diff.changed_lines(self._source.diff(base))) if base else None

    def load(self) -> None:
        """Read the earlier results now, while there is nothing else to do."""
        with self._lock:
            for _ in (self.before, self.began):
                pass

    def compare_job(self, job: str, report: Report) -> Comparison | None:
        """One job beside the base (or, without one, the previous run), for its gates.

        A job that was not part of those runs is compared with nothing: only the lines that
        changed count then.
        """
        from fairlead.reports.compare import compare

        with self._lock:
            for earlier in (self.began,) if self.began else self.before:
                if before := reports(earlier).get(job):
                    base = self._named(earlier)
                    return compare({job: report}, {job: before}, base=base, changed=self.changed)
            return compare({job: report}, None, base="", changed=self.changed)

    def compare_run(self, now: dict[str, Report]) -> tuple[Comparison | None, Comparison | None]:
        """A whole run beside the previous one on the branch, and beside the base's."""
        from fairlead.reports.compare import compare

        self.load()
        lines = any(report.coverage or report.violations for report in now.values())
        changed = self.changed if lines else None
        both: list[Comparison] = []
        for runs in (self.before, (self.began,) if self.began else ()):
            newest: dict[str, Report] = {}
            for earlier in runs:
                newest = reports(earlier) | newest
            base = self._named(runs[0]) if runs else ""
            both.append(compare(now, newest if runs else None, base=base, changed=changed))
        return both[0], both[1] if self.began else None

    def _named(self, result: RunResult) -> str:
        """How an earlier run is called in a sentence."""
        return f"{self._history.word} {result.number}"

    def _load(self, entry: Entry | None) -> RunResult | None:
        if entry is None:
            return None
        try:
            return self._history.load(entry.number)
        except FairleadError:
            return None  # removed or broken since: then there is nothing to compare with


def reports(result: RunResult) -> dict[str, Report]:
    """The reports of the jobs that ran, by job id."""
    return {job.job: job.report for job in result.jobs if job.attempts}
