"""Violations to SARIF 2.1.0, which forges and editors show beside the code."""

from urllib.parse import quote

import msgspec

from fairlead.model import Violation, Violations
from fairlead.reports.violations.sarif import FINGERPRINT

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def export(found: tuple[Violations, ...]) -> bytes:
    """A SARIF log with one run a tool, in the order given; paths are relative to the project."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(part) for part in found]}
    return msgspec.json.encode(log) + b"\n"


def _run(part: Violations) -> dict[str, object]:
    rules = list(dict.fromkeys(item.rule for item in part.items if item.rule))
    index = {rule: place for place, rule in enumerate(rules)}
    run: dict[str, object] = {
        "tool": {"driver": {"name": part.tool, "rules": [{"id": rule} for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index) for item in part.items],
    }
    if part.score is not None:
        run["properties"] = {"score": part.score}
    return run


def _result(item: Violation, index: dict[str, int]) -> dict[str, object]:
    result: dict[str, object] = {"level": str(item.level), "message": {"text": item.message}}
    if item.rule:
        result |= {"ruleId": item.rule, "ruleIndex": index[item.rule]}
    if item.path:
        result["locations"] = [{"physicalLocation": _place(item)}]
    if item.fingerprint:
        result["partialFingerprints"] = {FINGERPRINT: item.fingerprint}
    return result


def _place(item: Violation) -> dict[str, object]:
    address = quote(item.path.encode("utf-8", "surrogateescape"))
    artifact: dict[str, str] = {"uri": address}
    if item.path.startswith("/"):
        artifact["uri"] = f"file://{address}"
    else:
        artifact["uriBaseId"] = "%SRCROOT%"
    place: dict[str, object] = {"artifactLocation": artifact}
    numbers = {
        "startLine": item.line,
        "startColumn": item.column,
        "endLine": item.end_line,
        "endColumn": item.end_column,
    }
    if item.line:
        place["region"] = {name: number for name, number in numbers.items() if number}
    return place
