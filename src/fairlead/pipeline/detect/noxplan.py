"""The sessions of a ``noxfile.py`` that test, read without running it."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator

import msgspec

from fairlead.model import Install, Location, Problem
from fairlead.pipeline.detect.environments import (
    Translated,
    requirements_install,
    sort_out,
)
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.toxplan import Environments
from fairlead.pipeline.detect.words import Untranslatable, to_shell

_TESTING = re.compile(r"(?:^|[-_])(?:py)?(?:unit)?tests?(?:$|[-_])|^(?:unit|pytest|py)$")
_SILENT = frozenset({"external", "silent", "success_codes", "log"})


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One session: its Pythons as written (empty: any), and its body."""

    name: str
    pythons: tuple[str, ...]
    body: tuple[ast.stmt, ...]

    @property
    def tests(self) -> bool:
        """Whether it looks as if it ran tests."""
        return bool(_TESTING.search(self.name))


def read_sessions(project: Project) -> tuple[Session, ...]:
    """The sessions of ``noxfile.py``; none where it is absent or no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(project.tree.read("noxfile.py") or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = (node for node in module.body if isinstance(node, ast.FunctionDef))
    found = (_session(function, names) for function in functions)
    return tuple(session for session in found if session)


def nox_pythons(sessions: Iterable[Session]) -> frozenset[str]:
    """All versions that testing sessions name."""
    return frozenset(
        python
        for session in sessions
        if session.tests
        for python in session.pythons
        if re.fullmatch(r"\d+\.\d+", python)
    )


def nox_environments(
    project: Project, sessions: Iterable[Session], versions: Iterable[str]
) -> Environments:
    """The testing sessions for these versions; a session without Pythons runs on the newest."""
    wanted = list(versions)
    translated: list[Translated] = []
    foreign: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for session in (session for session in sessions if session.tests):
        pythons = [v for v in wanted if v in session.pythons] if session.pythons else wanted[-1:]
        try:
            translated += [_translate(project, session, python) for python in pythons]
        except Untranslatable as error:
            names = [f"{session.name}-{p}" if session.pythons else session.name for p in pythons]
            foreign += zip(names, pythons, strict=True)
            message = f"the session {session.name} is run by nox itself, because of {error}"
            place = Location(file="noxfile.py")
            problems.append(Problem(location=place, message=message, warning=True))
    others = {session.name: session for session in sessions if not session.tests}
    checks, left = sort_out(others, lambda n: _check(project, others[n], wanted[-1]))
    return Environments(
        tool="nox",
        file="noxfile.py",
        translated=tuple(translated),
        foreign=tuple(foreign),
        warnings=tuple(problems),
        checks=checks,
        left=left,
    )


def _session(function: ast.FunctionDef, names: dict[str, ast.expr]) -> Session | None:
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name == "session":
            words = {word.arg: word.value for word in call.keywords} if call else {}
            given = _text(words.get("name")) or function.name
            pythons = tuple(_texts(words.get("python"), names))
            return Session(name=given, pythons=pythons, body=tuple(function.body))
    return None


def _texts(node: ast.expr | None, names: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in names:
        node = names[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            yield from _texts(item, names)
    elif text := _text(node):
        yield text


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _translate(project: Project, session: Session, python: str) -> Translated:
    installs: list[str] = []
    commands: list[str] = []
    folder = ""
    for statement in session.body:
        kind, words = _call(statement)
        if kind == "install":
            installs += _requirement_lines(words)
        elif kind == "chdir":
            folder = words[0]
        elif kind == "run":
            commands.append(to_shell(words, folder))
    if not commands:
        raise Untranslatable("a session without commands")
    install = requirements_install(project, tuple(installs), own=False)
    kind = "" if session.name in ("tests", "test") else session.name
    return Translated(
        name=session.name, python=python, kind=kind, install=install, commands=tuple(commands)
    )


def _check(project: Project, session: Session, python: str) -> Translated:
    """A session that does not test; one that installs nothing uses what a person has."""
    made = _translate(project, session, python)
    if made.install == Install():
        raise Untranslatable("a session that installs nothing")
    return made


def _requirement_lines(words: tuple[str, ...]) -> Iterator[str]:
    """``-r file`` as one line, everything else by itself; options of pip are left to pip."""
    pending = ""
    for word in words:
        if word in ("-r", "-c", "-e"):
            pending = word
        elif word not in ("-U", "--upgrade", "-q", "--quiet"):
            yield f"{pending} {word}".strip()
            pending = ""


def _call(statement: ast.stmt) -> tuple[str, tuple[str, ...]]:
    """A ``session.<kind>("literal", …)``; the rest of Python is beyond us."""
    if not isinstance(statement, ast.Expr):
        raise Untranslatable(f"line {statement.lineno}")
    value = statement.value
    if isinstance(value, ast.Constant):
        return "", ()
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        raise Untranslatable(f"line {statement.lineno}")
    kind = value.func.attr
    if kind == "log":
        return "", ()
    if kind not in ("install", "run", "chdir") or {w.arg for w in value.keywords} - _SILENT:
        raise Untranslatable(f"line {statement.lineno}")
    return kind, tuple(_words(value))


def _words(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, ast.Starred) and ast.unparse(argument).endswith(".posargs"):
            continue
        if not (text := _text(argument)):
            raise Untranslatable(f"line {call.lineno}")
        yield text
