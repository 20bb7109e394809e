"""Cobertura XML, as coverage.py and many tools of other languages write it.

The format: https://github.com/cobertura/web/blob/master/htdocs/xml/coverage-04.dtd
"""

from fairlead.reports.coverage.lines import Lines
from fairlead.reports.raw import unreadable
from fairlead.reports.xmltree import parse, tag_of


def fill(lines: Lines, data: bytes, file: str) -> None:
    """Add the lines of every class. Raises ``ReportUnreadable``."""
    root = parse(data, file)
    if tag_of(root) != "coverage":
        raise unreadable(file, f"not a Cobertura report: it begins with <{tag_of(root)}>")
    roots = [text for source in root.iterfind("./sources/source") if (text := _folder(source.text))]
    for entry in root.iter("class"):
        name = entry.get("filename")
        if not name:
            continue
        names = (name,) if name.startswith("/") or not roots else _below(roots, name)
        executed: list[int] = []
        missing: list[int] = []
        for line in entry.iterfind("./lines/line"):
            number, hits = line.get("number", ""), line.get("hits", "")
            if number.isascii() and number.isdecimal() and len(number) < 10:  # noqa: PLR2004
                (missing if hits.strip("0") == "" else executed).append(int(number))
        lines.add(names, executed, missing)


def _folder(text: str | None) -> str:
    folder = (text or "").strip()
    return "" if folder in (".", "./") else folder.rstrip("/")


def _below(roots: list[str], name: str) -> tuple[str, ...]:
    return tuple(f"{root}/{name}" for root in roots)
