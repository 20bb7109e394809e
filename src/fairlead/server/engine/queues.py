"""Sets of labels as names of queues; the engine compares names, and nothing else."""

from collections.abc import Iterable
from itertools import combinations

from fairlead.errors import FairleadError

RUN_BUILD = "run_build"
"""The name of the engine's task that carries a build out; its argument is ``build_id``."""

DEPLOY = "deploy"
"""The queue of what follows builds: releases and deployments. Some workers serve it."""

DEPLOYMENTS_AT_ONCE = 3
"""Tasks of that queue that a worker has at once, beside its builds."""

FOLLOW_BUILD = "follow_build"
"""Looks what follows a verdict; its argument is ``build_id``."""
MAKE_RELEASE = "make_release"
"""Makes a release; its argument is ``release_id``."""
RUN_DEPLOYMENT = "run_deployment"
"""Carries a deployment out; its argument is ``deployment_id``."""
REMOVE_REVIEW = "remove_review"
"""Removes a review environment from its hosts; its argument is ``environment_id``."""
LOOK_AT = "look_at_environment"
"""Asks the hosts what they serve; its argument is ``environment_id``."""

_PREFIX = "build"
_MOST = 10
_LONGEST = 128


def queue_name(labels: Iterable[str]) -> str:
    """The queue of builds that need all of ``labels``. Raises ``FairleadError`` for odd labels."""
    wanted = sorted(set(labels))
    for label in wanted:
        if not label or not all(c.isalnum() or c in "._-" for c in label):
            raise FairleadError(
                f"{label!r} is no label", hint="letters, digits, '.', '_' and '-' make one"
            )
    name = ":".join((_PREFIX, "+".join(wanted))) if wanted else _PREFIX
    if len(name) > _LONGEST:
        raise FairleadError(f"these labels are too long together: {', '.join(wanted)}")
    return name


def queues_of(labels: Iterable[str]) -> tuple[str, ...]:
    """The queues that a worker with ``labels`` serves: those of every subset of its labels."""
    offered = sorted(set(labels))
    if len(offered) > _MOST:
        raise FairleadError(
            f"a worker has at most {_MOST} labels, this one has {len(offered)}",
            hint="start two workers with fewer labels each",
        )
    sizes = range(len(offered) + 1)
    return tuple(queue_name(some) for size in sizes for some in combinations(offered, size))
