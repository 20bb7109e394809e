"""From a job's ``python`` and ``matrix`` to its cells, with every slip in them noted."""

import re
from collections.abc import Iterable, Sequence

from fairlead.model import Pairs, Value
from fairlead.pipeline.document import Scalar
from fairlead.pipeline.matrix import MAX_PRODUCT, Axes, complete, expand, matches, size
from fairlead.pipeline.native.reader import Reader, known_or_close
from fairlead.pipeline.native.values import Cells, JobSpec, Matrix, Selector
from fairlead.pipeline.native.words import PYTHON

_SELECTORS = 200


class Cell(Value, frozen=True, kw_only=True):
    """One combination of values. ``python`` may be there without being an axis."""

    axes: Pairs
    python: str | None
    allow_failure: bool = False

    @property
    def values(self) -> dict[str, str]:
        """What ``${{ name }}`` stands for in this cell."""
        known = dict(self.axes)
        return known if self.python is None else {"python": self.python} | known


def cells_of(job: JobSpec, reader: Reader) -> tuple[Cell, ...]:
    """The cells of a job in order: Python first, then the axes as written, the last fastest."""
    axes = _axes(job, reader)
    if any(not values for _, values in axes):
        return ()
    matrix = job.matrix or Matrix(location=job.location)
    if _too_large(job, axes, matrix, reader):
        return ()
    found = _expanded(axes, matrix, reader)
    if not found:
        reader.error(matrix.location, f"the matrix of {job.name} is empty: all is excluded")
    allowed = _allowed(job, axes, found, reader)
    return tuple(
        Cell(axes=cell, python=_python(job, cell), allow_failure=flag)
        for cell, flag in zip(found, allowed, strict=True)
    )


def _too_large(job: JobSpec, axes: Axes, matrix: Matrix, reader: Reader) -> bool:
    if size(axes) > MAX_PRODUCT:
        message = f"the matrix of {job.name} has {size(axes):,} cells"
        hint = f"at most {MAX_PRODUCT:,} can be made before `exclude`"
        reader.error(matrix.location, message, hint)
        return True
    allowed = () if isinstance(job.allow_failure, bool) else job.allow_failure
    for selectors in (matrix.exclude, allowed):
        if len(selectors) > _SELECTORS:
            reader.error(selectors[0].location, f"more than {_SELECTORS} selections of cells")
            return True
    return False


def axis_names(job: JobSpec) -> tuple[str, ...]:
    """What ``${{ }}`` can name in a job."""
    own = tuple(name.text for name, _ in job.matrix.axes) if job.matrix else ()
    python = job.python is not None and bool(job.python.versions)
    return ("python", *(n for n in own if n != "python")) if python or "python" in own else own


def _axes(job: JobSpec, reader: Reader) -> Axes:
    own = job.matrix.axes if job.matrix else ()
    in_matrix = next((entry for entry in own if entry[0].text == "python"), None)
    axes: list[tuple[str, tuple[str, ...]]] = []
    if in_matrix:
        axes.append(("python", _distinct(*in_matrix, reader)))
        _check_versions(in_matrix[1], reader)
    elif job.python and job.python.axis:
        name = Scalar(text="python", location=job.location)
        axes.append(("python", _distinct(name, job.python.versions, reader)))
    axes += [(n.text, _distinct(n, values, reader)) for n, values in own if n.text != "python"]
    return axes


def _distinct(name: Scalar, values: Sequence[Scalar], reader: Reader) -> tuple[str, ...]:
    if not values:
        reader.error(name.location, f"the axis {name.text!r} is empty", "give it a value")
    found: dict[str, None] = {}
    for value in values:
        if value.text in found:
            reader.error(value.location, f"{value.text!r} is twice in the axis {name.text!r}")
        found[value.text] = None
    return tuple(found)


def _check_versions(values: Iterable[Scalar], reader: Reader) -> None:
    for value in values:
        if not re.fullmatch(PYTHON, value.text):
            reader.error(value.location, f"{value.text!r} is not a Python version such as `3.12`")


def _expanded(axes: Axes, matrix: Matrix, reader: Reader) -> tuple[Pairs, ...]:
    if not matrix.exclude and not matrix.include:
        return expand(axes)
    exclude = [_selector(selector, axes, reader) for selector in matrix.exclude]
    kept = set(expand(axes, exclude))
    include = []
    for selector in matrix.include:
        _check_names(selector, axes, reader)
        cell = complete(axes, tuple((n.text, v[0].text) for n, v in selector.cells if v))
        if any(len(values) != 1 for _, values in selector.cells):
            reader.error(selector.location, "an included cell takes one value for each axis")
        elif cell in kept:
            reader.error(selector.location, "this cell is in the matrix already")
        _check_versions((v for n, vs in selector.cells for v in vs if n.text == "python"), reader)
        kept.add(cell)
        include.append(cell)
    return expand(axes, exclude, include)


def _selector(
    selector: Selector, axes: Axes, reader: Reader
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The selector as plain texts; one that names nothing is an error, for it means all."""
    if not selector.cells:
        reader.error(selector.location, "this means every cell", "name at least one axis")
    _check_names(selector, axes, reader)
    _check_values(selector.cells, axes, reader)
    return tuple((name.text, tuple(v.text for v in values)) for name, values in selector.cells)


def _check_names(selector: Selector, axes: Axes, reader: Reader) -> None:
    known = [name for name, _ in axes]
    for name, _ in selector.cells:
        if name.text not in known:
            hint = known_or_close(name.text, known, "axes")
            reader.error(name.location, f"there is no axis {name.text!r}", hint)


def _check_values(cells: Cells, axes: Axes, reader: Reader) -> None:
    known = dict(axes)
    for name, values in cells:
        for value in values:
            if name.text in known and value.text not in known[name.text]:
                hint = known_or_close(value.text, known[name.text], "its values")
                message = f"the axis {name.text!r} has no value {value.text!r}"
                reader.error(value.location, message, hint)


def _allowed(job: JobSpec, axes: Axes, cells: Sequence[Pairs], reader: Reader) -> tuple[bool, ...]:
    if isinstance(job.allow_failure, bool):
        return (job.allow_failure,) * len(cells)
    present = tuple(
        (name, tuple(dict.fromkeys((*values, *(dict(cell)[name] for cell in cells)))))
        for name, values in axes
    )
    wanted = [_selector(selector, present, reader) for selector in job.allow_failure]
    return tuple(any(matches(selector, cell) for selector in wanted) for cell in cells)


def _python(job: JobSpec, cell: Pairs) -> str | None:
    if version := dict(cell).get("python"):
        return version
    return job.python.versions[0].text if job.python and job.python.versions else None
