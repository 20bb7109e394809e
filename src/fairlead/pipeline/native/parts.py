"""Values made of several: variables, retries, steps, what to install."""

from typing import Any

from fairlead.model import (
    Location,
    Pairs,
    Retry,
    Reuse,
)
from fairlead.pipeline.document import Node, Scalar
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    ListOf,
    MapOf,
    Mapped,
    OneOf,
    Word,
    unplaced,
)
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.native.values import (
    InstallSpec,
    Pythons,
    StepSpec,
)
from fairlead.pipeline.native.words import (
    COMMAND,
    DURATION,
    ENDING,
    FILE,
    FILLED_NAME,
    FLAG,
    GLOB,
    PATTERN,
    SILENCE,
    TEXT,
    TOOL_NAME,
    VALUE,
    VARIABLE,
    VARIABLE_NAME,
    VERSION,
    number,
)

GLOBS = ListOf(GLOB, "a glob or a list of globs", single=True)
PATTERNS = ListOf(PATTERN, "a glob or a list of globs", single=True)
_FILES = ListOf(FILE, "a file or a list of files", single=True)
_NAMES = ListOf(FILLED_NAME, "a name or a list of names", single=True)


def _texts(pairs: tuple[tuple[Scalar, str], ...]) -> Pairs:
    return tuple((name.text, value) for name, value in pairs)


ENV: Kind[Pairs] = Mapped(
    MapOf(VALUE, "a mapping of variables", key="a variable's name", pattern=VARIABLE), _texts
)


class _PythonKind(OneOf[Pythons]):
    """``3.12``, ``none``, or a list of versions, which is an axis."""

    def __init__(self) -> None:
        one = Mapped(VERSION, lambda version: Pythons(versions=(version,)))
        versions = ListOf(VERSION, "a list of Python versions")
        many = Mapped(versions, lambda found: Pythons(versions=found, axis=True))
        super().__init__(
            "a Python version, a list of them, or `none`", scalar=one, sequence=many, mapping=None
        )

    def read(self, node: Node, reader: Reader) -> Pythons | None:
        if isinstance(node, Scalar) and node.text == "none":
            return Pythons()
        return super().read(node, reader)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": "none"}, *super().schema()["anyOf"]]}


PYTHON = _PythonKind()


def _retry(location: Location, times: int = 1, on: tuple[str, ...] = ()) -> Retry:
    del location
    return Retry(times=times, on=on) if on else Retry(times=times)


_TIMES = number(0, 10)
RETRY: Kind[Retry] = OneOf(
    "a number from 0 to 10, or a mapping with `times` and `on`",
    scalar=Mapped(_TIMES, lambda times: Retry(times=times)),
    mapping=Keys(
        "retry",
        (
            Key("times", _TIMES, "Further attempts.", required=True),
            Key(
                "on",
                ListOf(ENDING, "a list of failed, errored, timeout", single=True),
                "Which ends are tried again: `failed`, `errored`, `timeout`.",
                default="all three",
            ),
        ),
        _retry,
    ),
)


CACHE: Kind[Reuse | bool] = OneOf(
    "true, false, or a mapping of what the step's success depends on",
    scalar=FLAG,
    mapping=Keys(
        "cache",
        (
            Key(
                "inputs",
                GLOBS,
                "Files of the project that matter.",
                default="every file of the project",
            ),
            Key(
                "env",
                ListOf(VARIABLE_NAME, "a list of variables", single=True),
                "Variables that matter beside those the job sets itself.",
                default="none",
            ),
            Key("files", GLOBS, "Ignored files whose bytes matter.", default="none"),
            Key(
                "outputs",
                GLOBS,
                "What the step leaves behind and a reuse puts back.",
                default="none",
            ),
        ),
        unplaced(Reuse),
    ),
)


def _step(location: Location, run: str = "", **values: Any) -> StepSpec:
    del location
    return StepSpec(command=run, **values)


_STEP_KEYS = (
    Key("run", COMMAND, "The command or script.", required=True),
    Key("name", TEXT, "What to call the step.", default="the command's first line"),
    Key("env", ENV, "Variables for this step alone.", default="none"),
    Key("timeout", DURATION, "The longest it may take.", default="the rest of the job's time"),
    Key("silence", SILENCE, "The longest it may write nothing.", default="the job's"),
    Key("retry", RETRY, "Further attempts at this step.", default="none"),
    Key("cache", CACHE, "Whether and by what its success is reused.", default="the job's"),
    Key(
        "tool",
        TOOL_NAME,
        "The linter whose output this is, or `none`.",
        default="told from the command",
    ),
)
STEP = Keys(
    "step",
    _STEP_KEYS,
    _step,
    familiar={"script": "write `run`", "command": "write `run`", "uses": "write `run`"},
)
STEPS = ListOf(
    OneOf(
        "a command, or a mapping with `run`",
        scalar=Mapped(COMMAND, lambda command: StepSpec(command=command)),
        mapping=STEP,
    ),
    "a command or a list of commands",
    single=True,
)


def _install_word(word: str) -> InstallSpec:
    return InstallSpec(detect=True) if word == "auto" else InstallSpec(project="none")


_PACKAGE: Word[str] = Word("a requirement", lambda text: text.strip() or None, fill=True)
INSTALL: Kind[InstallSpec] = OneOf(
    "a mapping of what to install, `auto` or `none`",
    scalar=Mapped(Choice("auto", "none"), _install_word),
    mapping=Keys(
        "install",
        (
            Key("requirements", _FILES, "Requirements files."),
            Key("constraints", _FILES, "Constraints files."),
            Key(
                "packages",
                ListOf(_PACKAGE, "a requirement or a list of them", single=True),
                "Single requirements, as pip takes them.",
            ),
            Key("extras", _NAMES, "Extras of the project."),
            Key("groups", _NAMES, "Dependency groups of `pyproject.toml`."),
            Key("lock", FILE, "`uv.lock`, `pylock.toml` or a requirements file with hashes."),
            Key(
                "project",
                Choice("auto", "editable", "wheel", "none"),
                "How the project itself is installed; `auto` is editable where it can be built.",
                default="auto",
            ),
        ),
        unplaced(InstallSpec),
        familiar={"pip": "write `packages` or `requirements`", "dependencies": "write `packages`"},
    ),
)
