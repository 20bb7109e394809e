"""Which builds wait until a person has looked at what they would run."""

from fairlead.errors import FairleadError
from fairlead.model import Trigger
from fairlead.server.store.models import Build, Project
from fairlead.triggers.rules import ALWAYS, NEVER, Rules, read_rules


def must_wait(project: Project, trigger: Trigger, rules: Rules) -> bool:
    """Whether a build has to be held. What is trusted never is.

    A person's approval is for the commit that they saw: another one may hold anything, whoever
    wrote it, and waits again.
    """
    if trigger.trusted or rules.approve == NEVER:
        return False
    return rules.approve == ALWAYS or not was_approved(project, trigger)


def was_approved(project: Project, trigger: Trigger) -> bool:
    """Whether this commit of this pull request was let into the queue before."""
    if not trigger.commit or not trigger.pull_request:
        return False
    same = Build.objects.filter(project=project, commit=trigger.commit, job_id__isnull=False)
    return same.filter(pull_request=trigger.pull_request).exists()


def was_let_in(build: Build) -> bool:
    """Whether it is trusted, or a person let it run: where nobody has to, nobody did."""
    if build.trusted:
        return True
    try:
        return build.job_id is not None and read_rules(build.project.triggers).approve != NEVER
    except FairleadError:
        return False
