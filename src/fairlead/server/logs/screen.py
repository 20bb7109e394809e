"""What a terminal would show of one line: runs of text, each in a style.

Sequences are those of ECMA-48 and xterm: SGR sets the style; a carriage return, a backspace,
``CHA`` to the first column and ``EL`` (erase in line) act as on a terminal, since progress bars
are made of them; all others are dropped, with the text inside of string commands (OSC, DCS, APC,
PM, SOS). No sequence goes beyond its line, and none holds an escape: so every escape begins one.
"""

import re

from fairlead.server.logs.style import SGR, change

Run = tuple[str, str]
"""A style and a text in it."""

_CSI = r"\[[0-?]*[ -/]*[@-~]?"
_STRING = r"[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
_SHORT = r"[ -/]*[0-~]?"
_HOME = r"\r|\x1b\[[01]?G"
_SEQUENCE = re.compile(
    rf"\x1b{SGR}|({_HOME})|(\x08)|\x1b\[([02]?)K|\x1b(?:{_CSI}|{_STRING}|{_SHORT})"
)
_SGR = re.compile(rf"\x1b{SGR}")
_MOVING = re.compile(rf"{_HOME}|\x08|\x1b\[2K")

_SEQUENCE_IN_LINES = re.compile(rf"\x1b(?:{_CSI}|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|{_SHORT})")

# Control characters, line separators of Unicode, and bidirectional controls, which make text read
# otherwise than it is (CVE-2021-42574).
_REST = r"\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
UNSEEN = re.compile(rf"[\x00-\x08\x0a{_REST}]")
_UNSEEN_IN_LINES = re.compile(rf"[\x00-\x08{_REST}]")
_ENDS = re.compile(r"\r+(?:\n|\Z)")


def runs(text: str, style: str) -> tuple[list[Run], str]:
    """What is shown of a line that begins in ``style``, and the style after it."""
    text = text.rstrip("\r")
    parts = _SGR.split(text)
    if not UNSEEN.search("".join(parts[::2])):
        return _coloured(parts, style)
    row = _Cells() if _MOVING.search(text) else _Appended()
    at = 0
    for match in _SEQUENCE.finditer(text):
        if match.start() > at:
            row.write(UNSEEN.sub("", text[at : match.start()]), style)
        at = match.end()
        parameters, home, back, erase = match.groups()
        if parameters is not None:
            style = change(style, parameters)
        elif home or back:
            row.move(home=bool(home))
        elif erase is not None:
            row.erase(whole=erase == "2")
    row.write(UNSEEN.sub("", text[at:]), style)
    return row.runs(), style


def _coloured(parts: list[str], style: str) -> tuple[list[Run], str]:
    """Texts with the parameters of SGR sequences between them, and nothing else: most lines."""
    row = _Appended()
    row.write(parts[0], style)
    for parameters, text in zip(parts[1::2], parts[2::2], strict=True):
        style = change(style, parameters)
        row.write(text, style)
    return row.runs(), style


def plain(text: str) -> str:
    """The text that is shown of a line, without its styles."""
    if not UNSEEN.search(text):
        return text
    return "".join(part for _, part in runs(text, "")[0])


def plain_lines(text: str) -> str | None:
    """As ``plain`` of each of many lines, but ``None`` where a cursor moves in one of them."""
    if not _UNSEEN_IN_LINES.search(text):
        return text
    text = _ENDS.sub("\n", text)
    if _MOVING.search(text):
        return None
    return _UNSEEN_IN_LINES.sub("", _SEQUENCE_IN_LINES.sub("", text))


class _Appended:
    """A line in which the cursor only goes forward."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._style = ""
        self._texts: list[str] = []

    def write(self, text: str, style: str) -> None:
        if style != self._style and text:
            self._end_run()
            self._style = style
        self._texts.append(text)

    def move(self, *, home: bool) -> None:
        """Never called: such a line has cells."""

    def erase(self, *, whole: bool) -> None:
        """Nothing is right of the cursor."""

    def runs(self) -> list[Run]:
        self._end_run()
        return self._runs

    def _end_run(self) -> None:
        if text := "".join(self._texts):
            self._runs.append((self._style, text))
        self._texts.clear()


class _Cells(_Appended):
    """A line as the cells of a terminal, one a character, from column ``_left`` on.

    No sequence costs more than the characters that were written before it and are gone now, so
    that a hostile line takes no longer than a long one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[str] = []
        self._styles: list[str] = []
        self._left = 0
        self._column = 0

    def write(self, text: str, style: str) -> None:
        if not text:
            return
        if not self._cells:
            self._left = self._column
        elif (gap := self._left - self._column) > 0:
            self._cells[:0] = " " * gap
            self._styles[:0] = [""] * gap
            self._left = self._column
        begin = self._column - self._left
        self._cells[begin : begin + len(text)] = text
        self._styles[begin : begin + len(text)] = [style] * len(text)
        self._column += len(text)

    def move(self, *, home: bool) -> None:
        self._column = 0 if home else max(0, self._column - 1)

    def erase(self, *, whole: bool) -> None:
        begin = 0 if whole else max(0, self._column - self._left)
        del self._cells[begin:]
        del self._styles[begin:]

    def runs(self) -> list[Run]:
        shown = _Appended()
        if self._cells:
            shown.write(" " * self._left, "")
        for text, style in zip(self._cells, self._styles, strict=True):
            shown.write(text, style)
        return shown.runs()
