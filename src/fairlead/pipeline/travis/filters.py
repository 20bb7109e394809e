"""Whether a file asks for a build at all: branches, ``[skip ci]``, the build's own ``if``."""

import re

from fairlead.model import Trigger
from fairlead.pipeline.document import Mapping, Node, Scalar
from fairlead.pipeline.travis.facts import branch_name
from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.nodes import Problems, scalars
from fairlead.pipeline.travis.regex import delimited

_SKIP = re.compile(
    r"\[(?:skip (?:ci|travis|travis ci|travis-ci|travisci)"
    r"|(?:ci|travis|travis ci|travis-ci|travisci) skip)\]",
    re.IGNORECASE,
)
_ASKED_FOR = frozenset({"local", "manual", "api"})
"""Events where a person asks for this very build: branch filters are told, not obeyed."""


def refusal(file: File, trigger: Trigger, problems: Problems) -> str:
    """Why no job runs for this trigger, or empty.

    ``[skip ci]`` counts on pushes and pull requests only; cron ignores it, and a person who runs
    a build by hand means it.
    """
    asked = trigger.event in _ASKED_FOR
    if not asked and trigger.event != "cron" and (found := _SKIP.search(trigger.message)):
        return f"the commit message says {found[0]}"
    reason = _branch_refusal(file.keys.get("branches"), branch_name(trigger), problems)
    if reason and asked:
        node = file.keys.get("branches")
        problems.warn(node.location if node else file.location, f"Travis would not build: {reason}")
        return ""
    return reason


def _branch_refusal(node: Node | None, branch: str, problems: Problems) -> str:
    """``only`` beats ``except``; gh-pages is not built unless ``only`` lists it."""
    only = node.get("only") if isinstance(node, Mapping) else node
    excluded = node.get("except") if isinstance(node, Mapping) else None
    if listed := scalars(only):
        return "" if _listed(branch, listed, problems) else f"branches.only does not list {branch}"
    if branch in ("gh-pages", "gh_pages"):
        return f"{branch} is only built where branches.only lists it"
    if _listed(branch, scalars(excluded), problems):
        return f"branches.except lists {branch}"
    return ""


def _listed(branch: str, names: tuple[Scalar, ...], problems: Problems) -> bool:
    return True in [_matches(branch, name, problems) for name in names]


def _matches(branch: str, name: Scalar, problems: Problems) -> bool:
    try:
        pattern = delimited(name.text)
    except re.error as error:
        problems.error(name.location, f"not a regular expression: {name.text} ({error})")
        return False
    return bool(pattern.search(branch)) if pattern else branch == name.text
