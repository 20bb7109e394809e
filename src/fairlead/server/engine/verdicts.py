"""Which verdicts something follows: told in a moment, since most are followed by nothing."""

from django.db import transaction

from fairlead.pipeline.tree import Tree
from fairlead.server.engine.enqueue import hand
from fairlead.server.engine.queues import FOLLOW_BUILD
from fairlead.server.store.models import Build

ANYTHING = "SELECT 1 WHERE EXISTS (SELECT FROM store_environment WHERE project_id = %(project_id)s)"
"""Gives a row where a verdict may have to be followed, whatever the pipeline file says."""

_FILES = ("fairlead.yml", "fairlead.yaml", ".travis.yml")
_MARKS = (b"environments:", b"deploy:")


def may_follow(build: Build) -> bool:
    """Whether it is of what somebody trusted pushed, or of a proposed change, for its review."""
    return (build.trusted or bool(build.pull_request)) and bool(build.commit)


def names_environments(build: Build, tree: Tree) -> bool:
    """Whether its pipeline file may say where the project goes; that of the default branch does."""
    if build.pull_request or not may_follow(build) or build.branch != build.project.default_branch:
        return False
    texts = (tree.read(file) or b"" for file in _FILES)
    return any(mark in text for text in texts for mark in _MARKS)


def hand_over(build_id: int) -> None:
    """Have somebody look what follows."""
    with transaction.atomic():
        hand(FOLLOW_BUILD, lock=f"follow:{build_id}", build_id=build_id)
