"""Builds by a schedule: one for each time it names, however the clock or the server jumps."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.services import intake, refs
from fairlead.server.services.intake import Came
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Build, Project, Recurrence
from fairlead.server.ticking import rows
from fairlead.server.ticking.due import Due
from fairlead.triggers.manual import manual
from fairlead.triggers.outcome import Outcome
from fairlead.triggers.rules import Rules, read_rules, read_zone
from fairlead.util.cron import Schedule, next_after, parse_schedule, skip_if_built

_SMALL_STEP = timedelta(days=1)
"""A clock that went back by less names no time twice; by more, it was wrong before."""


def carry_out(told: Configuration, due: Due) -> None:
    """Build what is due of a project's schedule, and reckon when it is due next."""
    project = Project.objects.get(pk=due.project_id)
    row = rows.read(due)
    try:
        schedule, rules = parse_schedule(project.cron), read_rules(project.triggers)
        if row.spec == due.spec and row.reckoned <= due.now:
            _build(told, project, rules, row, due)
        else:
            _reckon(schedule, rules, row, due)
    except FairleadError as error:
        rows.fail(row, due, str(error))


def _reckon(schedule: Schedule, rules: Rules, row: Recurrence, due: Due) -> None:
    """Begin anew, with the first time after now that was not built already."""
    after = due.now
    if row.last and row.spec == due.spec and row.last - due.now < _SMALL_STEP:
        after = max(after, row.last)
    rows.move_on(row, due, next_after(schedule, after, read_zone(rules.zone)))


def _build(told: Configuration, project: Project, rules: Rules, row: Recurrence, due: Due) -> None:
    """Build once, for however many times passed: what was missed is not made up for."""
    outcome = _outcome(told, project, rules, due.now)
    following = next_after(parse_schedule(project.cron), due.now, read_zone(rules.zone))
    # The row makes sure of once: a clock that was wrong may have named this time before.
    came = Came(source="cron", key=uuid4().hex, event="cron", body=row.due.isoformat().encode())
    ref = outcome.trigger.ref if outcome.trigger else ""
    with transaction.atomic():
        accepted = intake.settle(project, came, [(ref, outcome)])[1]
        row.last = row.due
        rows.move_on(row, due, following)
    if outcome.trigger and not accepted[0].build:
        row.error = clean(accepted[0].reason, 2000)
        row.save(update_fields=["error"])


def _outcome(told: Configuration, project: Project, rules: Rules, now: datetime) -> Outcome:
    branch = project.default_branch
    if rules.skip_built:
        # The branch of a pull request is its target, which was not built with it.
        same = Build.objects.filter(project=project, branch=branch, pull_request="")
        last = same.order_by("-id").values_list("created", flat=True).first()
        if reason := skip_if_built(last, now, hours=rules.skip_built):
            return Outcome(reason=reason)
    found = refs.resolve(told, project, branch=branch)
    trigger = manual(
        event="cron",
        repository=project.name,
        ref=found.ref,
        commit=found.commit,
        author=found.author,
        message=found.message,
        declared=None,
    )
    return Outcome(trigger=trigger)
