"""Environments of a project: as its pipeline file has them, and what may go there."""

import logging
from collections.abc import Sequence
from difflib import get_close_matches

import msgspec
from django.db import transaction

from fairlead.errors import NotFound
from fairlead.model.environment import Environment as Specification
from fairlead.server.services.approval import was_let_in
from fairlead.server.store.environments import EnvironmentQuerySet
from fairlead.server.store.fields import pack
from fairlead.server.store.models import Build, Environment, Project
from fairlead.util.globs import selects

log = logging.getLogger(__name__)


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """What rules look at of something that is to be deployed."""

    branch: str = ""
    tag: str = ""
    tested: bool = True


def renew(project: Project, found: Sequence[Specification], commit: str) -> None:
    """Keep the environments of a pipeline file; those that are in it no longer are set aside."""
    with transaction.atomic():
        known = {one.name: one for one in _locked(project)}
        reviews = set(_reviews(project).values_list("name", flat=True))
        for place, specification in enumerate(found):
            if specification.name in reviews:
                log.warning("%s of %s is the name of a review", specification.name, project)
                continue
            row = known.pop(specification.name, None) or Environment(
                project=project, name=specification.name
            )
            row.place, row.active, row.commit = place, True, commit
            row.specification = pack(specification)
            row.save()
        Environment.objects.filter(pk__in=[row.pk for row in known.values()]).update(active=False)


def named(project: Project, name: str) -> Environment:
    """Raises ``NotFound`` where there is none, with the names that are alike."""
    rows = Environment.objects.listed().filter(project=project, name=name)
    # PostgreSQL takes no zero characters, not even to compare with.
    row = rows.first() if "\0" not in name else None
    if row is None:
        every = Environment.objects.filter(project=project)
        names = list(every.values_list("name", flat=True))
        close = get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"environments: {', '.join(names)}"
        raise NotFound(
            f"{project} has no environment {name[:100]!a}",
            hint=hint if names else "its pipeline file names none on the default branch",
        )
    row.project = project
    return row


def objections(specification: Specification, goods: Goods) -> tuple[str, ...]:
    """Why something must not go there by the rules, in sentences without their ends."""
    found = []
    if specification.review:
        found.append(f"{specification.name} is the pattern of reviews and no place itself")
    if not allows(specification, branch=goods.branch, tag=goods.tag):
        found.append(
            f"{specification.name} takes {_wanted(specification)}, and this is {_of(goods)}"
        )
    if not goods.tested:
        found.append("its build did not pass")
    return tuple(found)


def takes(environment: Environment, build: Build) -> bool:
    """Whether it may go there at all: a proposed change goes to its own reviews alone.

    One that is not trusted goes there only where a person let it run.
    """
    if not environment.pull_request:
        return build.trusted and not build.pull_request
    return build.pull_request == environment.pull_request and was_let_in(build)


def allows(specification: Specification, *, branch: str, tag: str) -> bool:
    """Whether a branch or tag is among those that may go there; without rules any may."""
    if not (specification.branches or specification.tags):
        return True
    if tag and selects(specification.tags, tag):
        return True
    return bool(branch) and selects(specification.branches, branch)


def wants(specification: Specification, *, branch: str, tag: str, default: str) -> bool:
    """Whether a release is made of a green build by itself: where the rules name it.

    An environment without rules has one of the default branch at hand.
    """
    if specification.review:
        return False
    if specification.branches or specification.tags:
        return allows(specification, branch=branch, tag=tag)
    return branch == default


def branch_of(specification: Specification, default: str) -> str:
    """The branch whose tip is waited for: the first that is named as it is, else the default."""
    plain = (glob for glob in specification.branches if not set("*?[!") & set(glob))
    return next(plain, "" if specification.branches else default)


def _locked(project: Project) -> Sequence[Environment]:
    # By id, so that two who do this at once wait for each other.
    rows = Environment.objects.filter(project=project, pull_request="")
    return list(rows.select_for_update(of=("self",)).order_by("id"))


def _reviews(project: Project) -> EnvironmentQuerySet:
    return Environment.objects.filter(project=project).exclude(pull_request="")


def _wanted(specification: Specification) -> str:
    parts = []
    if specification.branches:
        parts.append(f"branch {' or '.join(specification.branches)}")
    if specification.tags:
        parts.append(f"tag {' or '.join(specification.tags)}")
    return " and ".join(parts)


def _of(goods: Goods) -> str:
    if goods.tag:
        return f"tag {goods.tag}"
    return f"branch {goods.branch}" if goods.branch else "on no branch"
