"""``.travis.yml`` in its normal form: aliases resolved, ``env`` read, unknown keys reported."""

from difflib import get_close_matches

import msgspec

from fairlead.model import Location
from fairlead.pipeline.document import Mapping, Node, Sequence, load
from fairlead.pipeline.travis.env import Env, read_env
from fairlead.pipeline.travis.nodes import Keys, Problems, keys, mappings, truth

PHASES = (
    "before_install",
    "install",
    "before_script",
    "script",
    "before_cache",
    "after_success",
    "after_failure",
    "after_script",
)
KNOWN = frozenset(
    (
        *PHASES,
        *("addons", "after_deploy", "allow_failure", "arch", "before_deploy", "branches", "cache"),
        *("conditions", "cpu", "deploy", "dist", "env", "filter_secrets", "git", "group", "if"),
        *("import", "jobs", "keys", "language", "matrix", "name", "notifications", "os"),
        *("osx_image", "python", "services", "stage", "stages", "sudo", "vault", "version"),
        *("virt", "virtualenv", "vm", "workspaces", "compiler", "node_js", "go", "jdk", "rvm"),
    )
)


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file in normal form; ``keys`` are the root's without ``env`` and ``jobs``."""

    name: str
    location: Location
    keys: Keys
    env: Env
    includes: tuple[Mapping, ...] = ()
    excludes: tuple[Mapping, ...] = ()
    allowed: tuple[Mapping, ...] = ()
    fast_finish: bool = False


def read(data: bytes, name: str, problems: Problems) -> File:
    """Read a file. Raises ``PipelineError`` for what is no YAML; the rest goes to ``problems``."""
    root = load(data, name)
    if not isinstance(root, Mapping):
        problems.error(root.location, "the file must be a mapping of keys")
        root = Mapping(entries=(), location=root.location)
    _report_unknown(root, problems)
    found = keys(root)
    jobs = _jobs(found, problems)
    env = read_env(found.pop("env", None), problems)
    return File(
        name=name,
        location=root.location,
        keys={key: value for key, value in found.items() if key not in ("jobs", "matrix")},
        env=env,
        includes=mappings(jobs.get("include")),
        excludes=mappings(jobs.get("exclude")),
        allowed=mappings(jobs.get("allow_failures") or jobs.get("allowed_failures")),
        fast_finish=truth(jobs.get("fast_finish") or jobs.get("fast_failure")),
    )


def _jobs(root: Keys, problems: Problems) -> Keys:
    """``jobs`` or ``matrix``; a list there is a list of includes."""
    node: Node | None = root.get("jobs") or root.get("matrix")
    if isinstance(node, Sequence):
        return {"include": node}
    if isinstance(node, Mapping):
        found = keys(node)
        known = ("include", "exclude", "allow_failures", "allowed_failures", "fast_finish")
        for key, value in found.items():
            if key not in (*known, "fast_failure"):
                _unknown(value.location, f"jobs.{key}", key, known, problems)
        return found
    if node is not None:
        problems.error(node.location, "jobs must be a mapping or a list")
    return {}


def _report_unknown(root: Mapping, problems: Problems) -> None:
    for key, value in root.entries:
        # Keys that only hold an anchor are customary; their names begin with one of these.
        if key.text not in KNOWN and not key.text.startswith(("_", ".", "x-")):
            _unknown(value.location, key.text, key.text, tuple(sorted(KNOWN)), problems)


def _unknown(
    location: Location, shown: str, key: str, known: tuple[str, ...], problems: Problems
) -> None:
    near = get_close_matches(key, known, n=1)
    problems.warn(
        location, f"the key {shown} is not known", f"did you mean {near[0]}?" if near else ""
    )
