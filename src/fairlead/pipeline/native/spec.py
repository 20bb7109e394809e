"""Every key of ``fairlead.yml``, declared once: name, kind, default, meaning.

Reading and its messages, the JSON Schema for editors and the reference table are made from this.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from fairlead.model import Location
from fairlead.pipeline.document import Node, Scalar
from fairlead.pipeline.native.cells import ALLOW_FAILURE, MATRIX, WHEN
from fairlead.pipeline.native.gates import ARTIFACTS, COVERAGE, REPORTS, VIOLATIONS
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    Later,
    ListOf,
    MapOf,
    Mapped,
    OneOf,
)
from fairlead.pipeline.native.parts import CACHE, ENV, INSTALL, PYTHON, RETRY, STEPS
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.native.services import LIMITS, NETWORK, SERVICES
from fairlead.pipeline.native.values import FileSpec, JobSpec
from fairlead.pipeline.native.words import (
    DURATION,
    FLAG,
    JOB,
    JOB_NAME,
    SILENCE,
    STAGE,
    VARIABLE_NAME,
)

DEFAULT_PYTHON: Final = "3"

SHARED: tuple[Key[Any], ...] = (
    Key(
        "python",
        PYTHON,
        "The Python version. A list is an axis: the job runs once for each. `none` is for jobs "
        "that need no Python.",
        default="`.python-version`, else any Python 3",
    ),
    Key(
        "env",
        ENV,
        "Variables. A job adds its own to those of the file, a step to those of its job.",
        default="none",
    ),
    Key(
        "install",
        INSTALL,
        "What the environment holds before the first step; `none` is an empty one.",
        default="`auto`: told from the project's files",
    ),
    Key(
        "secrets",
        ListOf(VARIABLE_NAME, "a list of names", single=True),
        "Names of stored secrets that steps get as variables; pull requests from forks do not.",
        default="none",
    ),
    Key("services", SERVICES, "Programs that run beside the job.", default="none"),
    Key(
        "network",
        NETWORK,
        "`full`, `none` (but for the machine itself), or the hosts that can be reached.",
        default="full",
    ),
    Key("limits", LIMITS, "What the job may use.", default="the machine's settings"),
    Key("timeout", DURATION, "The longest the job may take.", default="1 h"),
    Key("silence", SILENCE, "The longest a step may write nothing.", default="10 min"),
    Key("retry", RETRY, "Further attempts at the whole job.", default="none"),
    Key(
        "missing",
        Choice("error", "skip"),
        "What becomes of the job where its Python is not installed.",
        default="error",
    ),
    Key(
        "cache",
        CACHE,
        "Whether a step's success is reused while nothing it depends on has changed.",
        default="true for linters and documentation, else false",
    ),
    Key(
        "coverage",
        COVERAGE,
        "Whether tests are measured, and the percentages that must be reached. Jobs of nothing "
        "but linters and documentation pass over that of the file.",
        default="false",
    ),
    Key(
        "violations",
        VIOLATIONS,
        "How many violations the job's linters may find. It is asked when all steps have passed, "
        "so a linter that returns failure fails the job whatever this says.",
        default="not counted",
    ),
)

_JOB_KEYS: tuple[Key[Any], ...] = (
    Key("run", STEPS, "The command, or the list of them; the first to fail ends the job.",
        required=True),
    Key("setup", STEPS, "Steps before `run`; if one fails, the job is errored, not failed."),
    Key("after", STEPS, "Steps after `run`, whatever came of it, and without a say in it."),
    Key("stage", STAGE, "The stage it belongs to.",
        default="`test`, or the first of `stages` where there is no `test`"),
    Key("matrix", MATRIX, "Axes: the job runs once for each combination of their values."),
    Key(
        "needs",
        ListOf(JOB, "a job or a list of jobs", single=True),
        "Jobs that must have passed. It then waits for these alone, not for whole stages. Where "
        "both have the same axes, each cell waits for the cell with the same values.",
        default="all jobs of earlier stages",
    ),
    Key("when", WHEN, "When it runs. Lists mean *or*, keys mean *and*, `!` means *not*; of "
        "several mappings one must hold.", default="always"),
    Key("allow_failure", ALLOW_FAILURE, "Whether it may fail without failing the run; or the "
        "cells that may.", default="false"),
    Key("artifacts", ARTIFACTS, "Files to keep.", default="none"),
    Key("reports", REPORTS, "Report files that the steps write themselves."),
    *SHARED,
)  # fmt: skip

_FAMILIAR = {
    "script": "write `run`",
    "steps": "write `run`",
    "command": "write `run`",
    "commands": "write `run`",
    "before_script": "write `setup`",
    "before_install": "write `setup`",
    "after_script": "write `after`",
    "if": "write `when`",
    "only": "write `when`",
    "except": "write `when`",
    "depends_on": "write `needs`",
    "dependencies": "write `needs`",
    "environment": "write `env`",
    "variables": "write `env`",
    "strategy": "write `matrix`",
}


def _job(location: Location, **values: Any) -> JobSpec:
    return JobSpec(location=location, **values)


JOB_BODY = Keys(
    "job",
    _JOB_KEYS,
    _job,
    familiar=_FAMILIAR
    | {name: f"{name} stands at the top of the file" for name in ("fail_fast", "fast_finish")},
)
_JOB: Kind[JobSpec] = OneOf(
    "a command, a list of commands, or a mapping",
    scalar=Mapped(STEPS, lambda run: JobSpec(location=Location(file=""), run=run)),
    sequence=Mapped(STEPS, lambda run: JobSpec(location=Location(file=""), run=run)),
    mapping=JOB_BODY,
)


class _Jobs(MapOf[JobSpec]):
    """Jobs by name, each knowing its name and the place of it."""

    def entry(self, key: Scalar, node: Node, reader: Reader) -> JobSpec | None:
        reader.job = key.text
        before = len(reader.problems)
        job = super().entry(key, node, reader)
        reader.job = ""
        if job is None:
            return None
        if not job.run and len(reader.problems) == before:
            reader.error(key.location, f"{key.text} has nothing to run")
        return msgspec.structs.replace(job, name=key.text, location=key.location)


def _file(
    location: Location, jobs: Iterable[tuple[Scalar, JobSpec]] = (), **values: Any
) -> FileSpec:
    return FileSpec(location=location, jobs=tuple(job for _, job in jobs), **values)


def _environments() -> Kind[Any]:
    from fairlead.pipeline.environments.spec import ENVIRONMENTS

    return ENVIRONMENTS


def _app() -> Kind[Any]:
    from fairlead.pipeline.environments.app import APP

    return APP


def _release() -> Kind[Any]:
    from fairlead.pipeline.environments.spec import RELEASE

    return RELEASE


DEPLOYING: tuple[Key[Any], ...] = (
    Key(
        "environments",
        Later("a mapping of environments", _environments),
        "Where it is deployed to, by name.",
    ),
    Key(
        "app",
        Later("a target such as `shop.wsgi:application`, or a mapping", _app),
        "What is run in each environment; theirs go before these.",
        default="told from the project's files",
    ),
    Key("release", Later("a mapping", _release), "How releases are made."),
)
"""What runs pass over: ``pipeline.environments`` reads it."""

FILE = Keys(
    "file",
    (
        Key(
            "jobs",
            _Jobs(_JOB, "a mapping of jobs", key="a job's name", pattern=JOB_NAME),
            "The jobs by name. A job that is only a command or a list of commands can be "
            "written as just that.",
            required=True,
        ),
        Key(
            "stages",
            ListOf(STAGE, "a list of stages"),
            "The stages in order; jobs of one begin when those of the ones before have passed.",
            default="as the jobs name them",
        ),
        Key("fail_fast", FLAG, "Whether the first failure cancels all else.", default="false"),
        Key(
            "fast_finish",
            FLAG,
            "Whether the verdict comes without waiting for jobs that may fail.",
            default="false",
        ),
        *SHARED,
        *DEPLOYING,
    ),
    _file,
    extensible=True,
    words="a mapping with the key `jobs`",
    familiar={
        name: f"{name} belongs to a job"
        for name in (key.name for key in _JOB_KEYS)
        if name not in {key.name for key in SHARED}
    }
    | {
        "script": "write `jobs`, and `run` in each job",
        "on": "write `when` in each job",
        "language": "this is .travis.yml's; `fairlead init` translates it",
    },
)


def read_file(node: Node, reader: Reader) -> FileSpec:
    """The file as written; whatever is wrong with it is noted in ``reader``."""
    spec = FILE.read(node, reader) or FileSpec(location=node.location)
    if not spec.jobs and not reader.problems:
        reader.error(node.location, "there are no jobs", "name at least one under `jobs`")
    return spec
