"""Which linter's output a shell command gives."""

import posixpath
import re
import shlex
from collections.abc import Sequence

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*|py")
_NUMBER = re.compile(r"[\d.]+[smhd]?")
_OPERATORS = frozenset("();<>|&\n")
_TOOLS = frozenset(
    {"autopep8", "bandit", "black", "flake8", "isort", "mypy", "pycodestyle", "pyflakes", "pylint"}
)
_ALIASES = {"pep8": "pycodestyle", "dmypy": "mypy"}
_RUNNERS = frozenset({"uv", "poetry", "pdm", "hatch", "pipenv", "rye", "pipx", "pixi"})
_PREFIXES = frozenset({"time", "exec", "command", "nice", "env", "sudo", "xargs", "uvx", "then", "do", "!", "if", "timeout", "stdbuf", "travis_retry", "travis_wait"})  # fmt: skip  # noqa: E501
# Options whose value stands in a word of its own.
_WITH_VALUE = frozenset({"--with", "--from", "--python", "-p", "--extra", "--group", "--package", "--directory", "--env-file", "-n", "-L", "-P", "-I", "-u", "-e", "--spec"})  # fmt: skip  # noqa: E501
_ASKING = frozenset({"--version", "-V", "--help", "-h"})
_RUFF_OTHER = frozenset(
    {"rule", "config", "linter", "clean", "server", "analyze", "version", "help"}
)


def tool_of(command: str) -> str:
    """The tool of the first command in a shell line that is one we can read, or empty.

    ``cd src && poetry run mypy -p x | tee log`` is ``mypy``. A line that only asks for a
    version, or that the shell would not understand, gives none.
    """
    for words in _commands(command):
        tool = _tool(words)
        if tool:
            return tool
    return ""


def _commands(command: str) -> list[list[str]]:
    """The simple commands of a line, split at the shell's operators."""
    whole = command.replace("\\\n", " ")
    try:
        return _split(whole)
    except ValueError:  # an open quote, or only an apostrophe in a comment
        return [words for line in whole.split("\n") for words in _tried(line)]


def _tried(line: str) -> list[list[str]]:
    try:
        return _split(line)
    except ValueError:
        return []


def _split(text: str) -> list[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    comment = False
    for word in lexer:
        if word and _OPERATORS.issuperset(word):
            comment = comment and "\n" not in word
            commands.append([])
        elif comment or word.startswith("#"):
            comment = True
        else:
            commands[-1].append(word)
    return commands


def _tool(words: Sequence[str]) -> str:
    rest = _program(list(words))
    if not rest or _ASKING.intersection(rest):
        return ""
    name = posixpath.basename(rest[0])
    name = _ALIASES.get(name, name)
    if name == "ruff":
        return _ruff(rest[1:])
    return name if name in _TOOLS else ""


def _program(words: list[str]) -> list[str]:
    """The words from the program on that is run in the end."""
    while words:
        name = posixpath.basename(words[0])
        if _ASSIGNMENT.match(words[0]) or _NUMBER.fullmatch(name):
            words = words[1:]
        elif name in _PREFIXES:
            words = _behind_options(words[1:])
        elif name in _RUNNERS and "run" in words[1:]:
            words = _behind_options(words[words.index("run") + 1 :])
        elif _PYTHON.fullmatch(name) and "-m" in words:
            words = words[words.index("-m") + 1 :]
            return words if words and words[0] != "coverage" else []
        else:
            return words
    return []


def _behind_options(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        if words[0] == "-m":  # uv run -m mypy
            return words[1:]
        words = words[2 if words[0] in _WITH_VALUE else 1 :]
    return words


def _ruff(arguments: Sequence[str]) -> str:
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb == "format":
        return "ruff-format"
    return "" if verb in _RUFF_OTHER else "ruff"
