"""Environments of tox and nox as jobs of our own, where they can be translated."""

import re
from collections.abc import Callable, Iterable

import msgspec

from fairlead.model import Install, Pairs
from fairlead.pipeline.commands import known_pure, lint_tool
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.toxfile import ToxEnv
from fairlead.pipeline.detect.words import ROOT, Untranslatable, to_shell, to_value


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """An environment's work in our words. ``kind`` is the rest of its name without the Python."""

    name: str
    python: str
    kind: str = ""
    install: Install
    before: tuple[str, ...] = ()
    commands: tuple[str, ...]
    env: Pairs = ()


def sort_out(
    names: Iterable[str], make: Callable[[str], Translated]
) -> tuple[tuple[Translated, ...], tuple[str, ...]]:
    """Of environments that do not test: those that only check, and the names of the rest."""
    checks: list[Translated] = []
    left: list[str] = []
    for name in names:
        try:
            made = make(name)
        except Untranslatable:
            left.append(name)
            continue
        if all(known_pure(command) or lint_tool(command) for command in made.commands):
            checks.append(made)
        else:
            left.append(name)
    return tuple(checks), tuple(left)


def translate(project: Project, env: ToxEnv, python: str, kind: str) -> Translated:
    """One tox environment. Raises ``Untranslatable`` for what only tox can do."""
    if not env.commands:
        raise Untranslatable("it has no commands")
    folder = _relative(env.folder)
    pairs, exports = _variables(env)
    return Translated(
        name=env.name,
        python=python,
        kind=kind,
        install=requirements_install(
            project, env.deps, extras=env.extras, groups=env.groups, own=env.installs
        ),
        before=tuple(exports + _command(words, folder) for words in env.before),
        commands=tuple(exports + _command(words, folder) for words in env.commands),
        env=pairs,
    )


def _relative(folder: str) -> str:
    text = folder.replace(ROOT, ".")
    text = text.removeprefix("./") if text != "." else ""
    if text.startswith(("/", "..")) or re.search("[\ue000-\ue006]", text):
        raise Untranslatable(f"the folder {folder}")
    return text


def _variables(env: ToxEnv) -> tuple[Pairs, str]:
    """Plain variables, and bash assignments for those with places in them."""
    pairs: list[tuple[str, str]] = []
    exports: list[str] = []
    for name, text in env.env:
        value, shell = to_value(text)
        if shell:
            exports.append(f"export {name}={value}; ")
        else:
            pairs.append((name, value))
    return tuple(pairs), "".join(exports)


def _command(words: tuple[str, ...], folder: str) -> str:
    """Tox ignores the result of a command behind ``-``, and inverts it behind ``!``."""
    if words[:1] == ("-",):
        return f"{to_shell(words[1:], folder)} || true"
    if words[:1] == ("!",):
        return f"! {to_shell(words[1:])}" if not folder else f"! ({to_shell(words[1:], folder)})"
    return to_shell(words, folder)


def requirements_install(
    project: Project,
    lines: tuple[str, ...],
    *,
    extras: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    own: bool = True,
) -> Install:
    """What lines such as tox's ``deps`` ask for: ``pytest``, ``-r file``, ``-c file``, ``.[x]``.

    ``own`` is whether the project itself is installed besides.
    """
    packages: list[str] = []
    requirements: list[str] = []
    constraints: list[str] = []
    found_extras = list(extras)
    for line in lines:
        text = line.replace(f"{ROOT}/", "").replace(ROOT, ".").strip()
        if match := re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", text):
            requirements.append(_file(project, match[1]))
        elif match := re.fullmatch(r"(?:-c|--constraint)[\s=]*(\S+)", text):
            constraints.append(_file(project, match[1]))
        elif match := re.fullmatch(r"(?:(?:-e|--editable)[\s=]*)?\.(?:\[([\w\s,.-]+)\])?", text):
            own = True
            found_extras += [part.strip() for part in (match[1] or "").split(",") if part.strip()]
        elif text.startswith(("-", ".", "/")) or re.search("[\ue000-\ue006{]", text):
            raise Untranslatable(f"the requirement {line!r}")
        else:
            packages.append(text)
    return Install(
        packages=tuple(packages),
        requirements=tuple(requirements),
        constraints=tuple(constraints),
        extras=tuple(dict.fromkeys(found_extras)),
        groups=groups,
        project="editable" if own and project.install.project != "none" else "none",
    )


def _file(project: Project, path: str) -> str:
    name = path.removeprefix("./")
    if name not in project.paths:
        raise Untranslatable(f"the file {path}, which is not there")
    return name
