"""Log lines to HTML: spans with classes, everything else escaped, one line after the other."""

from html import escape

from fairlead.model import Value
from fairlead.server.logs.folds import Fold, take_folds
from fairlead.server.logs.lines import Line, Splitter
from fairlead.server.logs.screen import UNSEEN, runs
from fairlead.server.logs.style import classes


class Rendered(Value, frozen=True, kw_only=True):
    """A line to be shown: ``html`` is safe to be put into a page as it is.

    Its only tags are ``<span class="...">`` and their ends, balanced within the line.
    ``missing`` bytes at its right are not shown.
    """

    number: int
    html: str
    folds: tuple[Fold, ...] = ()
    missing: int = 0


class Renderer:
    """Takes the bytes of a log from the start of a line on, cut anywhere; carries the style."""

    def __init__(self, *, number: int = 1, style: str = "") -> None:
        self._lines = Splitter(number)
        self._style = style

    @property
    def waiting(self) -> int:
        """How many bytes of the open line have been taken."""
        return self._lines.waiting

    def feed(self, data: bytes) -> list[Rendered]:
        """The lines that these bytes end."""
        rendered = []
        for line in self._lines.feed(data):
            shown, self._style = render_line(line, self._style)
            rendered.append(shown)
        return rendered

    def rest(self) -> Rendered | None:
        """The open line as it is so far; it will be given again when it has ended."""
        line = self._lines.rest()
        return render_line(line, self._style)[0] if line else None


def render_line(line: Line, style: str) -> tuple[Rendered, str]:
    """A line that begins in ``style``, and the style after it."""
    text = line.data.rstrip(b"\r").decode("utf-8", "replace")
    folds, text = take_folds(text)
    if UNSEEN.search(text):
        parts, after = runs(text, style)
        html = "".join([_span(part, look) for look, part in parts])
    else:
        html, after = _span(text, style) if text else "", style
    return Rendered(number=line.number, html=html, folds=folds, missing=line.missing), after


def _span(text: str, style: str) -> str:
    if style and (names := classes(style)):
        return f'<span class="{names}">{escape(text)}</span>'
    return escape(text)
