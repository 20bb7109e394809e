"""The newest builds of several projects at once, and what of them is under way."""

from collections.abc import Sequence

from django.db.models import Count

from fairlead.server.store.models import OPEN, Build

# By number, not by id: its index begins with the project, so each costs one descent of it, while
# by id a project that rarely builds would have everybody else's builds looked through.
_RECENT = """
SELECT recent.* FROM unnest(%s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (
  SELECT id, project_id, number, state, branch, event, created, started, finished, seconds,
    sentence, reason FROM store_build WHERE project_id = wanted.id ORDER BY number DESC LIMIT %s
) AS recent
"""


def recent(projects: Sequence[int], count: int = 30) -> dict[int, list[Build]]:
    """The last ``count`` builds by project id, newest first; one query."""
    found: dict[int, list[Build]] = {key: [] for key in projects}
    for build in Build.objects.raw(_RECENT, [list(projects), count]):
        found[build.project_id].append(build)
    for builds in found.values():
        builds.sort(key=lambda build: -build.pk)
    return found


def under_way(projects: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many builds wait and run, by project id and state; one query over those alone."""
    found: dict[int, dict[str, int]] = {key: {} for key in projects}
    rows = Build.objects.filter(state__in=OPEN, project__in=projects).order_by()
    counted = rows.values_list("project_id", "state").annotate(count=Count("id"))
    for project, state, count in counted:
        found[project][state] = count
    return found
