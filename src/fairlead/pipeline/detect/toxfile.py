"""The environments of ``tox.ini``, ``setup.cfg``, ``tox.toml`` or ``[tool.tox]``."""

import configparser
import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

import msgspec

from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.toxnames import expand, lines_for, substitute
from fairlead.pipeline.detect.words import Untranslatable
from fairlead.pipeline.metadata import read_toml, table


class ToxEnv(msgspec.Struct, frozen=True, kw_only=True):
    """One environment. Words may hold the places of ``words``; ``env`` likewise."""

    name: str
    deps: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    installs: bool = True


class ToxFile(Protocol):
    """Tox's configuration, in either of its forms."""

    file: str

    def names(self) -> list[str]:
        """The environments that run by default."""
        ...

    def env(self, name: str) -> ToxEnv:
        """One environment. Raises ``Untranslatable``."""
        ...


def read_tox(project: Project) -> ToxFile | None:
    """Tox's configuration where there is one, in the order in which tox looks."""
    if project.tox_ini.has_section("tox") or project.tox_ini.has_section("testenv"):
        return _Ini("tox.ini", project.tox_ini)
    if project.setup_cfg.has_section("tox:tox"):
        return _Ini("setup.cfg", project.setup_cfg)
    legacy = project.tool("tox").get("legacy_tox_ini")
    if isinstance(legacy, str):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(legacy)
        except configparser.Error:
            return None
        return _Ini("pyproject.toml", parser)
    if project.tool("tox"):
        return _Toml("pyproject.toml", project.tool("tox"))
    found = read_toml(project.tree, "tox.toml")
    return _Toml("tox.toml", found) if found else None


class _Ini:
    def __init__(self, file: str, parser: configparser.ConfigParser) -> None:
        self.file = file
        self._parser = parser
        self._core = "tox:tox" if file == "setup.cfg" else "tox"

    def names(self) -> list[str]:
        text = self._lookup(self._core, "envlist") or self._lookup(self._core, "env_list") or "py"
        try:
            return expand(substitute(text, "", self._lookup) if "{[" in text else text)
        except Untranslatable:
            return []

    def env(self, name: str) -> ToxEnv:
        return ToxEnv(
            name=name,
            deps=tuple(self._lines(name, "deps")),
            extras=tuple(expand(self._text(name, "extras"))),
            groups=tuple(expand(self._text(name, "dependency_groups"))),
            before=tuple(_argv(line) for line in self._lines(name, "commands_pre")),
            commands=tuple(_argv(line) for line in self._lines(name, "commands")),
            env=tuple(self._pairs(name)),
            folder=self._text(name, "changedir") or self._text(name, "change_dir"),
            installs=self._text(name, "skip_install").lower() not in ("true", "1")
            and self._text(name, "package") != "skip"
            and self._lookup(self._core, "skipsdist") not in ("true", "True", "1"),
        )

    def _pairs(self, name: str) -> list[tuple[str, str]]:
        lines = self._lines(name, "setenv") or self._lines(name, "set_env")
        pairs = (line.partition("=") for line in lines if "=" in line)
        return [(key.strip(), value.strip()) for key, _, value in pairs]

    def _text(self, name: str, key: str) -> str:
        return "\n".join(self._lines(name, key))

    def _lines(self, name: str, key: str) -> list[str]:
        raw = self._raw(name, key)
        found = "\n".join(substitute(line, name, self._lookup) for line in lines_for(raw, name))
        return [line for line in found.splitlines() if line.strip()]

    def _raw(self, name: str, key: str) -> str:
        for section in (self._sections.get(name), "testenv"):
            value = self._lookup(section, key) if section else None
            if value is not None:
                return value
        return ""

    @cached_property
    def _sections(self) -> dict[str, str]:
        """Section names by environment; a section's name may have braces."""
        return {
            name: section
            for section in self._parser.sections()
            if section.startswith("testenv:")
            for name in expand(section.removeprefix("testenv:"))
        }

    def _lookup(self, section: str, key: str) -> str | None:
        return self._parser.get(section, key, fallback=None)


class _Toml:
    def __init__(self, file: str, values: Mapping[str, Any]) -> None:
        self.file = file
        self._values = values

    def names(self) -> list[str]:
        found = self._values.get("env_list") or self._values.get("envlist")
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    def env(self, name: str) -> ToxEnv:
        own = table(self._values, "env", name)
        merged = {**table(self._values, "env_run_base"), **own}
        variables = merged.get("set_env") or merged.get("setenv")
        return ToxEnv(
            name=name,
            deps=_strings(merged.get("deps"), name),
            extras=_strings(merged.get("extras"), name),
            groups=_strings(merged.get("dependency_groups"), name),
            before=_commands(merged.get("commands_pre"), name),
            commands=_commands(merged.get("commands"), name),
            env=_variables(variables, name),
            folder=_strings([merged.get("change_dir", "")], name)[0],
            installs=not merged.get("skip_install") and merged.get("package") != "skip",
        )


def _variables(values: Any, name: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(values, dict):
        return ()
    return tuple((key, _strings([value], name)[0]) for key, value in values.items())


def _strings(values: Any, name: str) -> tuple[str, ...]:
    items = values if isinstance(values, list) else [] if values is None else [values]
    if not all(isinstance(item, str) for item in items):
        raise Untranslatable("a replacement in TOML")
    return tuple(substitute(item, name, lambda _section, _key: None) for item in items)


def _commands(values: Any, name: str) -> tuple[tuple[str, ...], ...]:
    if not isinstance(values, list):
        return ()
    return tuple(_words(command, name) for command in values if isinstance(command, list))


def _words(command: list[Any], name: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in command:
        if isinstance(word, dict) and word.get("replace") == "posargs":
            words += _strings(word.get("default", []), name)
        else:
            words += _strings([word], name)
    return tuple(words)


def _argv(line: str) -> tuple[str, ...]:
    """The words of a command; ``-`` and ``!`` in front of it are words of their own."""
    match = re.match(r"([-!]\s*)?(.*)", line, re.DOTALL)
    mark, rest = (match[1] or "", match[2]) if match else ("", line)
    try:
        words = shlex.split(rest)
    except ValueError:
        raise Untranslatable(f"the command {line!r}") from None
    return (mark.strip(), *words) if mark else tuple(words)
