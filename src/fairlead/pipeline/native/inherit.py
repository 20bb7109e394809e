"""What a job takes over from the top of the file."""

import re
from typing import Any

import msgspec

from fairlead.model import CoverageGate, Location, Pairs
from fairlead.pipeline.document import Scalar
from fairlead.pipeline.native.spec import DEFAULT_PYTHON, SHARED
from fairlead.pipeline.native.steps import only_checks
from fairlead.pipeline.native.values import FileSpec, JobSpec, Pythons
from fairlead.pipeline.native.words import PYTHON
from fairlead.pipeline.tree import Tree

_MERGED = ("env", "secrets", "coverage")


def with_defaults(job: JobSpec, file: FileSpec, python: Pythons) -> JobSpec:
    """The job with every shared key it lacks from the file, and Python from ``python``.

    Variables and secrets are added to those of the file; everything else replaces it.
    """
    taken: dict[str, Any] = {
        key.name: getattr(file, key.name)
        for key in SHARED
        if key.name not in _MERGED and getattr(job, key.name) is None
    }
    if job.python is None and file.python is None:
        taken["python"] = python
    return msgspec.structs.replace(
        job,
        env=merged(file.env or (), job.env or ()),
        secrets=tuple(dict.fromkeys((*(file.secrets or ()), *(job.secrets or ())))),
        coverage=_coverage(job, file),
        **{name: value for name, value in taken.items() if value is not None},
    )


def merged(*layers: Pairs) -> Pairs:
    """Variables of several layers, each in its first place with its last value."""
    return tuple({name: value for layer in layers for name, value in layer}.items())


def default_python(tree: Tree) -> Pythons:
    """The version that ``.python-version`` names first, else any Python 3."""
    words = (tree.read(".python-version") or b"").decode("utf-8", "replace").split()
    version = next((w for w in words if not w.startswith("#")), DEFAULT_PYTHON)
    found = version if re.fullmatch(PYTHON, version) else DEFAULT_PYTHON
    return Pythons(versions=(Scalar(text=found, location=Location(file=".python-version")),))


def _coverage(job: JobSpec, file: FileSpec) -> CoverageGate | bool | None:
    if job.coverage is not None:
        return job.coverage
    return None if only_checks(job) else file.coverage
