"""SARIF 2.1.0 of any tool: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias
from urllib.parse import unquote

from fairlead.model import Level, Violation, Violations
from fairlead.reports.raw import check_size, json_in, json_of, unreadable
from fairlead.reports.violations.common import is_record, number, record, records, text

FINGERPRINT = "fairlead/v1"
"""The name of our own fingerprints among a result's ``partialFingerprints``."""

Rules: TypeAlias = Mapping[str, Mapping[str, object]]

_PASSING = frozenset({"pass", "notApplicable", "open", "informational"})
_PLACEHOLDER = re.compile(r"\{(\d{1,3})\}")


def is_sarif(value: object) -> bool:
    """Whether a JSON value is a SARIF log."""
    return is_record(value) and isinstance(value.get("runs"), list)


def read(data: bytes, file: str, *, tool: str = "") -> Violations:
    """The results of all runs together, under the first run's tool or ``tool``."""
    runs = read_runs(data, file)
    name = tool or (runs[0].tool if runs else "sarif")
    items = tuple(item for run in runs for item in run.items)
    score = next((run.score for run in runs if run.score is not None), None)
    return Violations(tool=name, items=items, score=score)


def read_runs(data: bytes, file: str) -> tuple[Violations, ...]:
    """The results of each run. Suppressed results, and those that went away, are left out.

    Raises ``ReportUnreadable``.
    """
    check_size(data, file)
    log = json_in(data, is_sarif)
    if not is_record(log):
        json_of(data, file)  # says where it is broken
        raise unreadable(file, "not SARIF: it has no runs")
    return tuple(_run(run) for run in records(log.get("runs")))


def _run(run: Mapping[str, object]) -> Violations:
    driver = record(record(run, "tool"), "driver")
    tool = text(driver, "name").lower() or "sarif"
    rules = list(records(driver.get("rules")))
    score = record(run, "properties").get("score")
    known = isinstance(score, int | float) and not isinstance(score, bool)
    return Violations(
        tool=tool,
        items=tuple(_violations(tool, run, rules)),
        score=float(score) if known and isinstance(score, int | float) else None,
    )


def _violations(
    tool: str, run: Mapping[str, object], rules: list[Mapping[str, object]]
) -> Iterator[Violation]:
    by_id = {text(rule, "id"): rule for rule in rules}
    for result in records(run.get("results")):
        if _left_out(result):
            continue
        index = result.get("ruleIndex", record(result, "rule").get("index"))
        rule_id = text(result, "ruleId") or text(record(result, "rule"), "id")
        rule = by_id.get(rule_id, {})
        if not rule and isinstance(index, int) and 0 <= index < len(rules):
            rule = rules[index]
        yield _violation(tool, result, rule_id or text(rule, "id"), rule)


def _left_out(result: Mapping[str, object]) -> bool:
    suppressed = any(
        text(item, "status") in ("", "accepted") for item in records(result.get("suppressions"))
    )
    gone = text(result, "baselineState") == "absent"
    return suppressed or gone or text(result, "kind") in _PASSING


def _violation(
    tool: str, result: Mapping[str, object], rule_id: str, rule: Mapping[str, object]
) -> Violation:
    place = record(next(records(result.get("locations")), {}), "physicalLocation")
    region = record(place, "region")
    line = number(region.get("startLine"))
    return Violation(
        tool=tool,
        rule=rule_id,
        path=_path(text(record(place, "artifactLocation"), "uri")),
        message=_message(record(result, "message"), rule),
        level=_level(result, rule),
        line=line,
        column=number(region.get("startColumn")),
        end_line=number(region.get("endLine")),
        end_column=number(region.get("endColumn")),
        fingerprint=text(record(result, "partialFingerprints"), FINGERPRINT),
    )


def _path(uri: str) -> str:
    return uri if uri.startswith("file:") else unquote(uri)


def _message(message: Mapping[str, object], rule: Mapping[str, object]) -> str:
    found = text(message, "text") or text(message, "markdown")
    if not found:
        strings = record(rule, "messageStrings")
        found = text(record(strings, text(message, "id") or "default"), "text")
    given = message.get("arguments")
    arguments = [str(item) for item in given] if isinstance(given, list) else []
    if not arguments:
        return found

    def filled(place: re.Match[str]) -> str:
        index = int(place[1])
        return arguments[index] if index < len(arguments) else place[0]

    return _PLACEHOLDER.sub(filled, found)


def _level(result: Mapping[str, object], rule: Mapping[str, object]) -> Level:
    given = text(result, "level") or text(record(rule, "defaultConfiguration"), "level")
    if given in ("note", "none"):
        return Level.NOTE
    return Level.ERROR if given == "error" else Level.WARNING
