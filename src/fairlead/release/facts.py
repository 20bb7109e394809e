"""What a release says of its commit, told from the commit's files alone."""

import re
from collections.abc import Iterable

from fairlead.errors import ReleaseFailed
from fairlead.model.environment import Migrations
from fairlead.pipeline.metadata import read_toml, setup_cfg_section, table
from fairlead.pipeline.tree import Tree
from fairlead.runner.checkout import Source
from fairlead.util.git import git
from fairlead.util.globs import selects

_DIGITS = 12
_SAID = r"(?im)^\s*(?:#|--)\s*fairlead:\s*{}\b"
"""A line of Python or SQL with which a migration says something of itself."""


def version_of(commit: str) -> str:
    """What the application is told that it is."""
    return commit[:_DIGITS]


def project_name(tree: Tree, folder: str) -> str:
    """What a project calls itself, else its folder's name, as it can stand in a file's name."""
    pyproject = read_toml(tree, "pyproject.toml")
    named = (
        table(pyproject, "project").get("name"),
        table(pyproject, "tool", "poetry").get("name"),
        setup_cfg_section(tree, "metadata").get("name"),
        folder.removesuffix(".git"),
    )
    found = next((name for name in named if isinstance(name, str) and name.strip()), "")
    return re.sub(r"[^A-Za-z0-9._]+", "-", found).strip("-.").lower() or "project"


def commit_time(source: Source) -> int:
    """When the commit of a source was made, in Unix seconds. Raises ``ReleaseFailed``."""
    if source.commit is None or not source.exact:
        raise ReleaseFailed(
            "a release is made of a commit, not of files as they are", hint="commit them first"
        )
    args = ("show", "-s", "--no-show-signature", "--format=%ct", source.commit.id)
    return int(git(*args, cwd=source.store, env=source.env).split()[0])


def find_migrations(
    tree: Tree, rules: Iterable[Migrations]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Migration files; those that cannot be gone back over; those that need the site closed.

    A file is one of these where a rule's globs say so, or where it says so itself.
    """
    rules = tuple(rules)
    files = [path for path in tree.paths if any(_is_migration(path, rule) for rule in rules)]
    irreversible, closed = [], []
    for path in files:
        text = (tree.read(path) or b"").decode("utf-8", "replace")
        if _said(path, text, "irreversible", [rule.irreversible for rule in rules]):
            irreversible.append(path)
        if _said(path, text, "maintenance", [rule.maintenance for rule in rules]):
            closed.append(path)
    return tuple(files), tuple(irreversible), tuple(closed)


def _is_migration(path: str, rule: Migrations) -> bool:
    return bool(rule.files) and selects(rule.files, path) and not path.endswith("__init__.py")


def _said(path: str, text: str, word: str, globs: Iterable[tuple[str, ...]]) -> bool:
    return any(chosen and selects(chosen, path) for chosen in globs) or bool(
        re.search(_SAID.format(word), text)
    )
