"""Gathers the lines of files under their project paths."""

from collections.abc import Callable, Iterable

from fairlead.model import Coverage, FileCoverage
from fairlead.reports.paths import relative

_PACKAGES = ("/site-packages/", "/dist-packages/")
_HIGHEST = 10_000_000  # a line beyond is a broken or hostile file


class Lines:
    """Collects executed and missing lines of files that are named as some tool names them."""

    def __init__(
        self, prefixes: Iterable[str], sources: Callable[[str], bytes | None] | None
    ) -> None:
        self._prefixes = tuple(prefixes)
        self._sources = sources
        self._names: dict[tuple[str, ...], str] = {}
        self._executed: dict[str, set[int]] = {}
        self._missing: dict[str, set[int]] = {}

    def add(
        self, names: tuple[str, ...], executed: Iterable[int], missing: Iterable[int] = ()
    ) -> None:
        """Add lines of a file; of several possible ``names`` the first that exists counts."""
        path = self._path(names)
        self._executed.setdefault(path, set()).update(_valid(executed))
        self._missing.setdefault(path, set()).update(_valid(missing))

    def add_executed(self, name: str, executed: Iterable[int]) -> None:
        """Add what is known to have run of a file; what did not is worked out from its source."""
        path = self._path((name,))
        source = self._sources(path) if self._sources else None
        if source is not None and path.endswith((".py", ".pyw")):
            from fairlead.reports.coverage.statements import split

            known = split(source, frozenset(executed))
            if known is not None:
                self.add((path,), *known)
                return
        self.add((path,), executed)

    def coverage(self) -> Coverage:
        """All that was added, files in the order of their paths."""
        return Coverage(
            files=tuple(
                FileCoverage(
                    path=path,
                    executed=tuple(sorted(ran)),
                    missing=tuple(sorted(self._missing[path] - ran)),
                )
                for path, ran in sorted(self._executed.items())
            )
        )

    def _path(self, names: tuple[str, ...]) -> str:
        if names not in self._names:
            self._names[names] = self._chosen(names)
        return self._names[names]

    def _chosen(self, names: tuple[str, ...]) -> str:
        paths = [relative(name, self._prefixes) for name in names]
        for place in _PACKAGES:
            if place in paths[0]:
                inside = paths[0].rpartition(place)[2]
                paths += [inside, f"src/{inside}"]
        if self._sources is None or len(paths) == 1:
            return paths[0]
        return next((path for path in paths if self._sources(path) is not None), paths[0])


def _valid(lines: Iterable[int]) -> Iterable[int]:
    return (line for line in lines if 0 < line <= _HIGHEST)
