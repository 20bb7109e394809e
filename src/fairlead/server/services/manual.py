"""Builds that a person or a program asks for, with parameters."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

from django.conf import settings

from fairlead.errors import FairleadError, UsageError
from fairlead.server.services import builds, refs
from fairlead.server.store.models import Build, Job, Project
from fairlead.triggers.manual import manual
from fairlead.triggers.manual import parameters as checked
from fairlead.triggers.rules import read_rules

_NAMED = 20


def start(
    project: Project,
    *,
    branch: str | None = None,
    tag: str | None = None,
    commit: str | None = None,
    parameters: Mapping[str, str] | None = None,
    jobs: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    priority: int | None = None,
    due: datetime | None = None,
    event: str = "manual",
    author: str = "",
) -> Build:
    """Build a branch, a tag or a commit (by default the default branch) as somebody wishes.

    ``parameters`` are held against those that the project asks for, and are variables of each
    job. ``event`` is manual or api, ``author`` whoever asks (by default the commit's author).
    Raises ``UsageError`` for a ref that is not there, ``TriggerInvalid`` for parameters that are
    none, and ``FairleadError`` where the repository cannot be reached.
    """
    if not project.enabled:
        raise FairleadError(f"project {project.name} is disabled", hint="enable it to build it")
    declared = read_rules(project.triggers).parameters
    checked(parameters or {}, declared)
    found = refs.resolve(
        settings.FAIRLEAD, project, branch=branch or "", tag=tag or "", commit=commit or ""
    )
    _check_jobs(project, found.commit, jobs or ())
    trigger = manual(
        repository=project.name,
        ref=found.ref,
        commit=found.commit,
        author=author or found.author,
        message=found.message,
        event=event,
        given=parameters or {},
        declared=declared,
    )
    wish = builds.Wish(
        parameters=dict(trigger.parameters),
        labels=labels,
        priority=priority,
        only=tuple(jobs or ()),
        due=due,
    )
    return builds.create(project, trigger, wish)


def _check_jobs(project: Project, commit: str, keys: Sequence[str]) -> None:
    """Raise ``UsageError`` for jobs that an earlier build of the commit did not have.

    Whether a commit that was never planned has them is known to the worker that plans it.
    """
    if not keys:
        return
    same = Build.objects.filter(project=project, commit=commit, jobs__isnull=False)
    if (newest := same.order_by("-id").values_list("pk", flat=True).first()) is None:
        return
    known = list(Job.objects.filter(build=newest).order_by("place").values_list("key", flat=True))
    for key in keys:
        if key not in known:
            close = get_close_matches(key, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"jobs: {', '.join(known[:_NAMED])}"
            raise UsageError(f"{project.name} has no job {key[:100]!a} at {commit[:12]}", hint=hint)
