"""Text that a project wrote, as HTML: escaped, bounded, with the colours a terminal would show."""

import re

from markupsafe import Markup, escape

from fairlead.cli.view.clean import clean, shorten

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_LINE = 1000
_ENDS = {22: ("b", "d"), 23: ("i",), 24: ("u",)}
_STARTS = {1: "b", 2: "d", 3: "i", 4: "u"}
_EXTENDED = (38, 48, 58)
_TRACE = (("E  ", "e"), (">  ", "g"))


def output_html(text: str, *, lines: int = 120) -> Markup:
    """The text as the inside of a ``pre``: at most ``lines`` lines, its beginning and its end.

    Colours (SGR, ECMA-48 8.3.117) become classes; where there are none, the marked lines of a
    pytest traceback get some.
    """
    kept = bounded(clean(text, colour=True).strip("\n"), lines)
    return coloured(kept) if "\x1b" in kept else traced(kept)


def bounded(text: str, lines: int) -> str:
    """A quarter of ``lines`` from the beginning and the rest from the end."""
    found = [shorten(line, _LONGEST_LINE) for line in text.split("\n")]
    if len(found) > lines:
        head = lines // 4
        note = f"… {len(found) - lines:,} lines left out …"
        found = [*found[:head], note, *found[len(found) - (lines - head) :]]
    return "\n".join(found)


def traced(text: str) -> Markup:
    """Escaped, with the error and current lines of a pytest traceback set apart."""
    return Markup("\n").join(_traced_line(line) for line in text.split("\n"))


def _traced_line(line: str) -> Markup:
    for start, name in _TRACE:
        if line.startswith(start):
            return Markup('<span class="tb-{}">{}</span>').format(name, visible(line))
    return visible(line)


def coloured(text: str) -> Markup:
    """Escaped, with a ``span`` for each run of one colour and weight."""
    classes: dict[str, str] = {}
    parts = []
    pieces = _SGR.split(text)
    for index, piece in enumerate(pieces):
        if index % 2:
            classes = _after(piece, classes)
        elif piece:
            parts.append(_span(piece, classes))
    return Markup("").join(parts)


def _span(text: str, classes: dict[str, str]) -> Markup:
    if not classes:
        return visible(text)
    return Markup('<span class="{}">{}</span>').format(" ".join(classes.values()), visible(text))


def _after(parameters: str, classes: dict[str, str]) -> dict[str, str]:
    """The classes in force after one sequence; ``fg`` holds the colour, others are weights."""
    now = dict(classes)
    codes = [int(code) if code else 0 for code in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            now = {}
        elif code in _STARTS:
            now[_STARTS[code]] = f"a-{_STARTS[code]}"
        elif code in _ENDS:
            for name in _ENDS[code]:
                now.pop(name, None)
        elif 30 <= code <= 37 or 90 <= code <= 97:  # noqa: PLR2004
            now["fg"] = f"a-{code % 10}"
        elif code == 39:  # noqa: PLR2004
            now.pop("fg", None)
        elif code in _EXTENDED and codes:
            del codes[: 2 if codes[0] == 5 else 4]  # noqa: PLR2004
    return now


def visible(text: str) -> Markup:
    """Escaped; what UTF-8 cannot hold (lone surrogates) becomes a replacement character."""
    return escape(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
