"""Jobs of a matrix in few words: ``unit (3.11, 3.12)``, ``unit (all 5)``."""

from collections.abc import Iterable

from fairlead.model import Job
from fairlead.reports.words import listing

_SHOWN = 3


class Names:
    """Names the jobs of one plan."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = {job.id: job for job in jobs}
        self._cells: dict[str, int] = {}
        for job in self._jobs.values():
            self._cells[job.name] = self._cells.get(job.name, 0) + 1

    def listed(self, ids: Iterable[str]) -> str:
        """All of ``ids``, the cells of one job together."""
        cells: dict[str, list[str]] = {}
        for id_ in dict.fromkeys(ids):
            job = self._jobs.get(id_)
            cells.setdefault(job.name if job else id_, []).append(_cell(job) if job else "")
        return listing([self._named(name, values) for name, values in cells.items()], _SHOWN)

    def _named(self, name: str, cells: list[str]) -> str:
        if len(cells) > _SHOWN and len(cells) == self._cells.get(name):
            return f"{name} (all {len(cells)})"
        shown = [cell for cell in cells if cell and cell not in name]
        return f"{name} ({listing(shown, _SHOWN)})" if shown else name


def _cell(job: Job) -> str:
    """What tells a job from the others of its name: its axes' values, else its Python."""
    return "/".join(value for _, value in job.axes) or job.python or ""
