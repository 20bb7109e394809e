"""What a shell command is known to be: a linter whose output we read, or a check without effects.

Only plain commands joined by ``&&``, ``;`` and line ends are recognised. Anything more that the
shell could do (redirections, pipes, substitutions) makes a command *not known*, never *pure*.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

Words: TypeAlias = Sequence[str]

_BEYOND = re.compile(r"[`<>()#]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_RUNNERS = frozenset({"uv", "poetry", "pdm", "hatch", "pipenv", "rye"})
_WITH_VALUE = frozenset(
    {"--with", "--python", "-p", "--extra", "--group", "--package", "--directory", "--env-file"}
)
_HARMLESS = frozenset({"cd", "echo", "true", ":", "pwd"})
_LINTERS = frozenset({"flake8", "pycodestyle", "pyflakes", "pylint", "mypy", "bandit"})
_STYLE = frozenset({"pydocstyle", "interrogate", "codespell", "yamllint", "djlint"})
# Formatters change files unless one of these options is there.
_CHECKING = {
    "ruff format": ("--check", "--diff"),
    "black": ("--check", "--diff"),
    "isort": ("-c", "--check", "--check-only", "--diff"),
    "autopep8": ("--diff", "-d"),
    "yapf": ("--diff", "-d"),
    "docformatter": ("--check", "-c"),
}
# Options with which a checker leaves files behind, changes the tree, or never ends.
_WRITING = frozenset({
    "--fix", "--fix-only", "--unsafe-fixes", "--add-noqa", "--in-place", "-i", "-o", "--output",
    "--output-file", "--tee", "--install-types", "--junit-xml", "--html-report", "--xml-report",
    "--txt-report", "--watch", "-w", "--write-changes",
})  # fmt: skip
_READ = _LINTERS | {"ruff check", "black", "autopep8"}
_DOCS = frozenset({"html", "dirhtml", "singlehtml", "docs"})


def lint_tool(command: str) -> str:
    """The linter whose output a command prints; empty for none, and for several at once.

    ``pylint src || true`` prints pylint's output too, though its success means nothing.
    """
    tools = {name.split()[0] for name, _ in _programs(command) if name in _READ}
    return tools.pop() if len(tools) == 1 else ""


def known_pure(command: str) -> bool:
    """Whether a command does nothing but check, or build documentation, from the tree alone."""
    found = _programs(command)
    useful = any(name not in _HARMLESS for name, _ in found)
    return "|" not in command and useful and all(_pure(name, rest) for name, rest in found)


def builds_docs(command: str) -> bool:
    """Whether a command leaves built documentation behind, which later steps may want."""
    return any(_builds(name, rest) for name, rest in _programs(command))


def _pure(name: str, rest: Words) -> bool:
    if name in _HARMLESS or _builds(name, rest):
        return True
    if any(word.split("=")[0] in _WRITING for word in rest):
        return False
    if name in _CHECKING:
        return any(word in _CHECKING[name] for word in rest)
    return name in _LINTERS or name in _STYLE or name == "ruff check"


def _builds(name: str, rest: Words) -> bool:
    if name == "sphinx-build":
        return not {"linkcheck", "-blinkcheck", "doctest", "-bdoctest"} & set(rest)
    if name == "mkdocs":
        return rest[:1] == ("build",)
    return name == "make" and _makes_docs(rest)


def _makes_docs(rest: Words) -> bool:
    targets = [word for word in rest if not word.startswith("-") and "=" not in word]
    if "-C" in rest[:-1]:
        targets.remove(rest[rest.index("-C") + 1])
    return bool(targets) and set(targets) <= _DOCS


@lru_cache(maxsize=512)
def _programs(command: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The programs that a command runs with their arguments; nothing where that is not sure."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for line in command.replace("\\\n", " ").split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _split(line)
        if parts is None:
            return ()
        found += [_program(words) for words in parts]
    return tuple(found)


def _split(line: str) -> list[list[str]] | None:
    if _BEYOND.search(line):
        return None
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    parts: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word in {"&&", "||", ";"}:
                parts.append([])
            elif word and not word.strip(";&|"):
                return None
            else:
                parts[-1].append(word)
    except ValueError:
        return None
    return [part for part in parts if part]


def _program(words: Words) -> tuple[str, tuple[str, ...]]:
    """The name of the program behind assignments, runners and ``python -m``; ruff with its verb."""
    rest = _behind_runner(_behind_assignments(words))
    if not rest:
        return "", ()
    name = posixpath.basename(rest[0])
    if _PYTHON.fullmatch(name) and "-m" in rest[1:-1]:
        rest = rest[rest.index("-m") + 1 :]
        name = {"sphinx": "sphinx-build"}.get(rest[0], rest[0])
    if name != "ruff":
        return name, tuple(rest[1:])
    verb = next((word for word in rest[1:] if not word.startswith("-")), "")
    known = {"check", "format", "rule", "config", "linter", "clean", "server", "analyze"}
    return f"ruff {verb if verb in known else 'check'}", tuple(rest[1:])


def _behind_assignments(words: Words) -> Words:
    start = next((i for i, word in enumerate(words) if not _ASSIGNMENT.match(word)), len(words))
    return words[start:]


def _behind_runner(words: Words) -> Words:
    """``uv run --frozen ruff check`` is ``ruff check``."""
    if len(words) < 3 or words[0] not in _RUNNERS or words[1] != "run":  # noqa: PLR2004
        return words
    return tuple(_skip_options(words[2:]))


def _skip_options(words: Words) -> Iterable[str]:
    position = 0
    while position < len(words) and words[position].startswith("-"):
        position += 2 if words[position] in _WITH_VALUE else 1
    return words[position:]
