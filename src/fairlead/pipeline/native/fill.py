"""``${{ axis }}``: the values of a cell in the texts of its job."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from fairlead.pipeline.native.axes import axis_names
from fairlead.pipeline.native.reader import PLACEHOLDER, Reader, Use, known_or_close
from fairlead.pipeline.native.values import JobSpec

T = TypeVar("T")


def uses_of(job: JobSpec, uses: Iterable[Use]) -> tuple[Use, ...]:
    """The places that matter to a job: its own, and those of file keys it has not replaced."""
    return tuple(
        use
        for use in uses
        if use.job == job.name
        or (not use.job and (use.key == "env" or getattr(job, use.key, None) is None))
    )


def check_uses(job: JobSpec, uses: Iterable[Use], reader: Reader) -> None:
    """Note every ``${{ name }}`` that the job has no axis for; ``job`` has its defaults."""
    known = axis_names(job)
    for use in uses:
        if use.name in known:
            continue
        name = use.name.removeprefix("matrix.")
        hint = f"write ${{{{ {name} }}}}" if name in known else ""
        hint = hint or known_or_close(name, known, "axes")
        reader.error(use.location, f"{job.name} has no axis {use.name!r}", hint)


def fill(value: T, values: Mapping[str, str]) -> T:
    """``value`` with ``${{ name }}`` replaced in every text it holds, however deep."""
    filled: Any = _filled(value, values)
    result: T = filled
    return result


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if "${{" not in value or type(value) is not str:
            return value
        return re.sub(PLACEHOLDER, lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, tuple):
        return tuple(_filled(item, values) for item in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        new = {name: _filled(old, values) for name, old in fields.items()}
        changed = {name: item for name, item in new.items() if item is not fields[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
