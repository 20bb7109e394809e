"""The small languages in tox's configuration: braces, factors, substitutions."""

import re
from collections.abc import Callable

from fairlead.pipeline.detect.words import ROOT, TEMPORARY, Untranslatable, variable

_MOST = 2000
_CONDITION = re.compile(r"([!\w.{},-]+(?:\s*,\s*[!\w.{}-]+)*)\s*:(?:\s+(.*)|)$")
_INNERMOST = re.compile(r"\{([^{}]*)\}")
_ROOTS = frozenset({"toxinidir", "tox_root"})
_TEMPORARY = frozenset(
    {"envtmpdir", "env_tmp_dir", "envlogdir", "env_log_dir", "toxworkdir", "work_dir"}
    | {"tox_work_dir", "envdir", "env_dir", "distdir", "dist_dir", "temp_dir"}
)


def expand(text: str) -> list[str]:
    """``py{39,310}-a, lint`` as ``[py39-a, py310-a, lint]``; ``{9-11}`` is a range."""
    found = [name for part in _split(text) for name in _braces(part)]
    return list(dict.fromkeys(name for name in found if name))


def _split(text: str) -> list[str]:
    parts = re.split(r"[,\s]+(?![^{]*\})", re.sub(r"#.*", "", text))
    return [re.sub(r"\s+", "", part) for part in parts if part.strip()]


def _braces(text: str) -> list[str]:
    done: list[str] = []
    waiting = [text]
    while waiting and len(done) + len(waiting) < _MOST:
        one = waiting.pop(0)
        match = _INNERMOST.search(one)
        if not match:
            done.append(one)
            continue
        values = [value for part in match[1].split(",") for value in _range(part.strip())]
        waiting[:0] = [one[: match.start()] + value + one[match.end() :] for value in values]
    return done


def _range(part: str) -> list[str]:
    match = re.fullmatch(r"(\d{1,4})-(\d{1,4})", part)
    if not match:
        return [part]
    return [str(number) for number in range(int(match[1]), int(match[2]) + 1)]


def python_of(name: str) -> str | None:
    """The version that an environment's name asks for; ``""`` for any Python, else ``None``."""
    for factor in name.split("-"):
        if match := re.fullmatch(r"(?:py|python|cpython)?(\d)\.?(\d+)", factor):
            return f"{match[1]}.{match[2]}"
        if factor in ("py", "py3", "python", "python3"):
            return ""
    return None


def other_factors(name: str) -> str:
    """The name without its Python."""
    return "-".join(factor for factor in name.split("-") if python_of(factor) is None)


def lines_for(text: str, name: str) -> list[str]:
    """The lines of a value that hold for an environment, ``py39: x`` conditions resolved."""
    found = []
    for line in _joined(text):
        match = _CONDITION.match(line)
        if match is None:
            found.append(line)
        elif _holds(match[1], name) and (match[2] or "").strip():
            found.append(match[2].strip())
    return found


def _joined(text: str) -> list[str]:
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    stripped = (re.sub(r"(?:^|\s)#.*", "", line).strip() for line in lines)
    return [line for line in stripped if line]


def _holds(condition: str, name: str) -> bool:
    factors = set(name.split("-"))
    return any(
        all(
            (part[1:] not in factors) if part.startswith("!") else part in factors
            for part in alternative.split("-")
        )
        for alternative in expand(condition)
    )


def substitute(text: str, name: str, lookup: Callable[[str, str], str | None]) -> str:
    """Fill in ``{...}``; ``lookup(section, key)`` gives values of the file.

    Raises ``Untranslatable`` for what only tox knows.
    """
    for _ in range(50):
        match = _INNERMOST.search(
            text.replace(r"\{", "\ue005\ue005").replace(r"\}", "\ue006\ue006")
        )
        if not match:
            return text.replace(r"\{", "{").replace(r"\}", "}")
        text = text[: match.start()] + _value(match[1], name, lookup) + text[match.end() :]
    raise Untranslatable("substitutions without end")


def _value(key: str, name: str, lookup: Callable[[str, str], str | None]) -> str:
    if key in _ROOTS:
        return ROOT
    if key in _TEMPORARY:
        return TEMPORARY
    word, _, default = key.partition(":")
    simple = {"posargs": default, "envname": name, "env_name": name, "envpython": "python"}
    simple |= {
        "env_python": "python",
        "/": "/",
        "": ":" if key == ":" else "",
        "basepython": "python",
    }
    if word in simple:
        return simple[word]
    if word == "env":
        variable_name, _, fallback = default.partition(":")
        return variable(variable_name, fallback)
    if match := re.fullmatch(r"\[([^\]]+)\](\w+)", key):
        found = lookup(match[1], match[2])
        if found is not None:
            return "\n".join(lines_for(found, name))
    raise Untranslatable(f"{{{key}}}")
