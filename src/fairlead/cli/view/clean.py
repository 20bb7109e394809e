"""What a step wrote, made safe to show: nothing in it can move, recolour or title a terminal.

Control sequences are those of ECMA-48 (https://ecma-international.org/publications-and-standards/
standards/ecma-48/): CSI, OSC, the string commands DCS, SOS, PM and APC, and two-byte escapes.
"""

import re

_STRING = r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
_CSI = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
_SHORT = r"\x1b[ -/]*[0-~]?"
_SEQUENCE = f"{_STRING}|{_CSI}|{_SHORT}"
_COLOUR = r"\x1b\[[0-9;:]*m"
_OVERWRITTEN = r"[^\n]*\r(?=[^\n])"

# Bidirectional controls make text read otherwise than it is (CVE-2021-42574).
_UNSEEN = {
    code: None
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
_UNSEEN_BUT_COLOUR = {code: to for code, to in _UNSEEN.items() if code != 0x1B}  # noqa: PLR2004

LONGEST_LINE = 2000


def clean(text: str, *, colour: bool = False) -> str:
    """Text without control sequences and characters; ``colour`` keeps colours and weights.

    A carriage return starts its line anew and a backspace takes a character back, as on a
    terminal, so that a progress bar leaves its last state.
    """
    if text.isprintable():
        return text
    if "\x1b" in text or not text.isascii():
        text = re.sub(_SEQUENCE, _keep_colour if colour else "", text)
    if "\r" in text:
        text = re.sub(_OVERWRITTEN, "", text.replace("\r\n", "\n"))
    if "\b" in text:
        text = _typed(text)
    return text.translate(_UNSEEN_BUT_COLOUR if colour else _UNSEEN)


def _keep_colour(match: re.Match[str]) -> str:
    sequence = match.group()
    return sequence if re.fullmatch(_COLOUR, sequence) else ""


def _typed(text: str) -> str:
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)


def clean_lines(data: bytes, *, last: int | None = None, cut: bool = False) -> list[str]:
    """The lines of some output, cleaned; only the ``last`` so many.

    ``cut`` says that ``data`` begins somewhere inside of the output: then its first, torn line
    is left out. A line above ``LONGEST_LINE`` characters keeps its beginning and its length.
    """
    if cut and 0 <= (end := data.find(b"\n")) < len(data) - 1:
        data = data[end + 1 :]
    raw = data.removesuffix(b"\n").split(b"\n") if data else []
    kept = raw if last is None else raw[-last:]
    return [shorten(clean(line.decode("utf-8", "replace"))) for line in kept]


def shorten(line: str, limit: int = LONGEST_LINE) -> str:
    """A line of at most ``limit`` characters and a word on what is missing."""
    if len(line) <= limit:
        return line
    return f"{line[:limit]} … {len(line) - limit:,} characters more"


def one_line(text: str) -> str:
    """The first line that says something, cleaned, with single spaces."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join(clean(first).split())
