"""One attempt's dealings with the step cache: replay what is known, keep what succeeded."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from fairlead.model import Job, Outcome, StepResult
from fairlead.runner.files import matching
from fairlead.runner.log import Log
from fairlead.runner.stepcache import (
    KeyParts,
    StepCache,
    Stored,
    describe,
    pack_outputs,
    step_key,
    unpack_outputs,
)
from fairlead.runner.steps import WRONG


class Reusing(msgspec.Struct, kw_only=True, dict=True):
    """Answers for one attempt whether a step's earlier success stands in for it.

    With ``verify`` steps run all the same, and what they do is held against what was stored.
    ``replaying`` is false with ``--no-cache``: successes are then kept but never replayed.
    ``keeping`` is false for changes that are not trusted: files outside a step's inputs may have
    made it succeed, and whoever comes next would believe it.
    """

    cache: StepCache
    job: Job
    parts: KeyParts
    variables: Mapping[str, str]
    log: Log
    workspace: Path
    run: int
    replaying: bool = True
    keeping: bool = True
    verify: bool = False

    @cached_property
    def keys(self) -> tuple[str | None, ...]:
        """The key of each step, ``None`` for one that must run."""
        steps = range(len(self.job.steps))
        return tuple(step_key(self.job, n, self.parts, self.variables) for n in steps)

    @cached_property
    def stored(self) -> tuple[Stored | None, ...]:
        """The earlier success of each step, read once so that it cannot vanish half-way."""
        return tuple(self.cache.load(key) if key else None for key in self.keys)

    @property
    def all_known(self) -> bool:
        """Whether no step needs to run, so that the job needs no sandbox at all."""
        return self.replaying and not self.verify and bool(self.stored) and all(self.stored)

    @property
    def with_outputs(self) -> bool:
        """Whether an earlier success left files that belong into the workspace."""
        return any(stored and stored.outputs for stored in self.stored)

    def replay(self, index: int) -> str | None:
        """Write an earlier success's log and outputs; returns what to say, ``None`` to run."""
        stored = self.stored[index]
        if stored is None or not self.replaying or self.verify:
            return None
        said = describe(self.job.steps[index], stored)
        self.log.line(f"[{said}]")
        self.log.write(stored.log)
        unpack_outputs(self.workspace, stored.outputs)
        return said

    def keep(self, index: int, result: StepResult) -> str:
        """Remember a success; returns what is to be said of it, mostly nothing."""
        key, before = self.keys[index], self.stored[index]
        if key is None:
            return ""
        if result.outcome is not Outcome.PASSED:
            ran = result.outcome in (Outcome.FAILED, Outcome.ERRORED)
            return WRONG if self.verify and before and ran else ""
        if not (self.keeping or self.verify):
            return ""
        fresh = self._stored(index, result)
        if self.keeping:
            self.cache.store(key, fresh)
        if self.verify and before and before.outputs != fresh.outputs:
            return f"{WRONG}: its outputs differ"
        return "verified: reusing it would have been right" if self.verify and before else ""

    def _stored(self, index: int, result: StepResult) -> Stored:
        reuse = self.job.steps[index].reuse
        names = matching(self.workspace, reuse.outputs if reuse else ())
        return Stored(
            log=self.log.slice(result.offset, result.length),
            seconds=result.seconds,
            run=self.run,
            outputs=pack_outputs(self.workspace, names) if names else b"",
        )
