"""What a job leaves, and what is held against it: artifacts, reports, coverage, violations."""

from typing import Any

import msgspec

from fairlead.model import (
    Artifacts,
    CoverageGate,
    Location,
    ReportFiles,
    ViolationGate,
)
from fairlead.pipeline.document import Scalar
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    MapOf,
    Mapped,
    OneOf,
    unplaced,
)
from fairlead.pipeline.native.parts import GLOBS
from fairlead.pipeline.native.words import (
    FLAG,
    GLOB,
    PERCENT,
    TOOL,
    number,
)

ARTIFACTS: Kind[Artifacts] = OneOf(
    "a glob, a list of globs, or a mapping with `paths` and `days`",
    scalar=Mapped(GLOB, lambda glob: Artifacts(paths=(glob,))),
    sequence=Mapped(GLOBS, lambda globs: Artifacts(paths=globs)),
    mapping=Keys(
        "artifacts",
        (
            Key("paths", GLOBS, "Files to keep.", required=True),
            Key("days", number(0, 3650), "For how many days; 0 is for ever.", default="0"),
        ),
        unplaced(Artifacts),
    ),
)


def _reports(
    location: Location,
    violations: tuple[tuple[Scalar, tuple[str, ...]], ...] = (),
    **values: Any,
) -> ReportFiles:
    del location
    pairs = tuple((tool.text, glob) for tool, globs in violations for glob in globs)
    return ReportFiles(violations=pairs, **values)


REPORTS = Keys(
    "reports",
    (
        Key("junit", GLOBS, "JUnit files.", default="what Fairlead collects itself"),
        Key("coverage", GLOBS, "Coverage data, JSON or Cobertura.", default="likewise"),
        Key(
            "violations",
            MapOf(GLOBS, "a mapping of tools to globs", key="a tool's name", pattern=TOOL),
            "Files of linters, by tool.",
            default="read from the steps' output",
        ),
    ),
    _reports,
)


COVERAGE: Kind[CoverageGate | bool] = OneOf(
    "true, false, or a mapping with `minimum` and `changed`",
    scalar=FLAG,
    mapping=Keys(
        "coverage",
        (
            Key("minimum", PERCENT, "Least percentage of all lines.", default="any"),
            Key("changed", PERCENT, "Least percentage of the changed lines.", default="any"),
        ),
        unplaced(CoverageGate),
    ),
)


def _gates(location: Location, **values: Any) -> tuple[ViolationGate, ...]:
    del location
    others = values.pop("others", ())
    own = (ViolationGate(**values),) if values else ()
    named = (msgspec.structs.replace(gate, tool=tool.text) for tool, gate in others)
    return (*own, *named)


_MAXIMUM = Key("maximum", number(0, 10_000_000), "The most there may be.", default="any")
_NO_NEW = Key("no_new", FLAG, "Whether new ones fail the job.", default="false")
_GATE_WORD = Mapped(Choice("no_new"), lambda _: ViolationGate(no_new=True))
_TOOL_GATE: Kind[ViolationGate] = OneOf(
    "`no_new`, or a mapping with `maximum` or `no_new`",
    scalar=_GATE_WORD,
    mapping=Keys("tool", (_MAXIMUM, _NO_NEW), unplaced(ViolationGate)),
)
VIOLATIONS: Kind[tuple[ViolationGate, ...]] = OneOf(
    "`no_new`, or a mapping with `maximum`, `no_new` or tools",
    scalar=Mapped(_GATE_WORD, lambda gate: (gate,)),
    mapping=Keys(
        "violations",
        (_MAXIMUM, _NO_NEW),
        _gates,
        others=MapOf(_TOOL_GATE, "a mapping of tools", key="a tool's name", pattern=TOOL),
    ),
)
