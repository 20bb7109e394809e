"""The state that SGR sequences set: colours and weights, as one canonical string.

A style is written as the parameters that make it from nothing (``1;31``; empty is plain), so that
it can be stored, compared and carried on. Codes are those of ECMA-48 8.3.117 and of xterm
(https://invisible-island.net/xterm/ctlseqs/ctlseqs.html); direct colours become the nearest of
the 256, so that a page needs classes only and no inline style. Blinking and hidden text are shown
as ordinary text: a log hides nothing.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

SGR = r"\[([0-9;:]{0,64})m"
RESETS = (b"\x1b[0m", b"\x1b[m")
_SGR = re.compile(rb"\x1b\[([0-9;:]{0,64})m")

_SET = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_UNSET = {22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}
_DOUBLE_UNDERLINE = 21
_LEVELS = (0, 95, 135, 175, 215, 255)
_HIGHEST = 255


class _State:
    """A style taken apart; colours are numbers of the 256, -1 is the default."""

    def __init__(self) -> None:
        self.flags: set[int] = set()
        self.colours = {3: -1, 4: -1}

    def run(self, parameters: str) -> None:
        codes = iter(parameters.split(";"))
        for code in codes:
            if ":" in code:
                self._colon(code)
            elif code in ("38", "48", "58"):
                self._extended(int(code[0]), _colour(codes))
            else:
                self._simple(_number(code))

    def _colon(self, code: str) -> None:
        first, kind, *rest = code.split(":")
        if first in ("38", "48"):
            values = rest[-3:] if kind == "2" else rest
            self._extended(int(first[0]), _colour(iter((kind, *values))))
        elif first == "4":
            self._simple(24 if kind == "0" else 4)

    def _extended(self, plane: int, colour: int) -> None:
        if plane in self.colours and colour >= 0:
            self.colours[plane] = colour

    def _simple(self, code: int) -> None:
        tens, ones = divmod(code, 10)
        if code == 0:
            self.flags.clear()
            self.colours = {3: -1, 4: -1}
        elif code in _SET or code == _DOUBLE_UNDERLINE:
            self.flags.add(code if code in _SET else 4)
        elif code in _UNSET:
            self.flags.difference_update(_UNSET[code])
        elif tens in (3, 4) and ones != 8:  # noqa: PLR2004
            self.colours[tens] = ones if ones < 8 else -1  # noqa: PLR2004
        elif tens in (9, 10) and ones < 8:  # noqa: PLR2004
            self.colours[tens - 6] = ones + 8

    def written(self) -> str:
        colours = [f"{plane}8;5;{n}" for plane, n in self.colours.items() if n >= 0]
        return ";".join([*map(str, sorted(self.flags)), *colours])


def _number(text: str) -> int:
    return int(text or 0)


def _colour(codes: Iterator[str]) -> int:
    """The number of the 256 that the parameters behind 38 or 48 name, or -1."""
    kind = next(codes, "")
    if kind == "5":
        number = _number(next(codes, ""))
        return number if number <= _HIGHEST else -1
    if kind == "2":
        return _nearest(*(_number(next(codes, "")) for _ in range(3)))
    return -1


def _nearest(*rgb: int) -> int:
    def distance(other: tuple[int, ...]) -> int:
        return sum((a - b) ** 2 for a, b in zip(rgb, other, strict=True))

    steps = [min(range(6), key=lambda n: abs(_LEVELS[n] - part)) for part in rgb]
    grey = 232 + max(0, min(23, (sum(rgb) // 3 - 3) // 10))
    cube = 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    return min((cube, grey), key=lambda number: distance(_fixed(number)))


def _fixed(number: int) -> tuple[int, ...]:
    """Red, green and blue of a colour from 16 on."""
    if number >= 232:  # noqa: PLR2004
        return (8 + 10 * (number - 232),) * 3
    number -= 16
    return _LEVELS[number // 36], _LEVELS[number // 6 % 6], _LEVELS[number % 6]


@lru_cache(4096)
def change(style: str, parameters: str) -> str:
    """The style after an SGR sequence with these parameters."""
    state = _State()
    if style:
        state.run(style)
    state.run(parameters)
    return state.written()


def follow(style: str, line: bytes) -> str:
    """The style after a line that begins in ``style``."""
    if b"\x1b" in line:
        for parameters in _SGR.findall(line):
            style = change(style, parameters.decode("ascii"))
    return style


@lru_cache(4096)
def classes(style: str) -> str:
    """The class names of a style: ``ansi-bold ansi-fg-1``; empty for a plain one."""
    state = _State()
    if style:
        state.run(style)
    fore, back = state.colours[3], state.colours[4]
    names = [f"ansi-{_SET[code]}" for code in sorted(state.flags) if _SET[code] != "inverse"]
    if 7 in state.flags:  # noqa: PLR2004
        names.append(f"ansi-fg-{back}" if back >= 0 else "ansi-fg-back")
        names.append(f"ansi-bg-{fore}" if fore >= 0 else "ansi-bg-fore")
    else:
        names += [f"ansi-fg-{fore}"] * (fore >= 0) + [f"ansi-bg-{back}"] * (back >= 0)
    return " ".join(names)


def stylesheet() -> str:
    """CSS rules for every class that ``classes`` can name.

    Colours 0 to 15, and the page's own ``--ansi-fore`` and ``--ansi-back``, are custom properties
    that the page sets for light and dark (``--ansi-0`` to ``--ansi-15``).
    """
    values = [f"var(--ansi-{number})" for number in range(16)]
    values += ["#{:02x}{:02x}{:02x}".format(*_fixed(number)) for number in range(16, 256)]
    rules = [
        ".ansi-bold{font-weight:bold}",
        ".ansi-dim{opacity:.7}",
        ".ansi-italic{font-style:italic}",
        ".ansi-underline{text-decoration:underline}",
        ".ansi-strike{text-decoration:line-through}",
        ".ansi-underline.ansi-strike{text-decoration:underline line-through}",
        ".ansi-fg-back{color:var(--ansi-back)}",
        ".ansi-bg-fore{background:var(--ansi-fore)}",
    ]
    for number, value in enumerate(values):
        rules.append(f".ansi-fg-{number}{{color:{value}}}")
        rules.append(f".ansi-bg-{number}{{background:{value}}}")
    return "\n".join(rules) + "\n"
