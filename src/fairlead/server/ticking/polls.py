"""Looks at the remotes of mirrored projects: what moved since the last one is a push."""

from datetime import timedelta
from uuid import uuid4

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.services.intake import POLL
from fairlead.server.services.pushes import CommitFacts, receive_push
from fairlead.server.store.fields import pack, unpack
from fairlead.server.store.models import Project
from fairlead.server.ticking import rows
from fairlead.server.ticking.due import Due
from fairlead.triggers.push import RefUpdate, moved
from fairlead.triggers.refs import parse_ref


def carry_out(told: Configuration, due: Due) -> None:
    """Look at one remote, build what moved, and reckon when to look again."""
    from fairlead.server.hosting import facts, mirrors, repositories

    project = Project.objects.get(pk=due.project_id)
    row = rows.read(due)
    every = float(project.poll_every)
    try:
        seen = mirrors.refresh(told, project.name, project.url)
    except FairleadError as error:
        rows.fail(row, due, str(error), every=every)
        return
    now = {name: commit for name, commit in seen.items() if _built(name)}
    repository = repositories.folder(told, project.name)

    def look_up(update: RefUpdate) -> CommitFacts:
        return CommitFacts(**msgspec.structs.asdict(facts.look_up(repository, update)))

    def move_on() -> None:
        row.refs, row.last = pack(now), due.now
        rows.move_on(row, due, due.now + timedelta(seconds=every))

    if updates := _updates(project, unpack(row.refs, dict[str, str]), now):
        receive_push(project, updates, source=POLL, key=uuid4().hex, look_up=look_up, also=move_on)
    else:
        move_on()


def _built(name: str) -> bool:
    """Whether it is a branch or a tag; git lets names through that no build can have."""
    try:
        return parse_ref(name).kind in {"branch", "tag"}
    except FairleadError:
        return False


def _updates(
    project: Project, before: dict[str, str] | None, now: dict[str, str]
) -> tuple[RefUpdate, ...]:
    """What moved; of a remote that was never looked at, the default branch is all that is new."""
    if before is None:
        name = f"refs/heads/{project.default_branch}"
        before, now = {}, {name: now[name]} if name in now else {}
    return moved(before, now)
