"""Builds that a person or a program asks for, with parameters."""

import re
from collections.abc import Mapping, Sequence

from fairlead.errors import TriggerInvalid
from fairlead.model import Trigger
from fairlead.model.plan import Value
from fairlead.triggers.payload import tidy
from fairlead.triggers.refs import commit_id, is_text, parse_ref

LONGEST = 4096
"""Characters of a parameter's value."""
MOST = 50
"""Parameters of a build."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_FLAGS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
# What would change how Fairlead itself, the shell or the loader works, and not only the job.
_RESERVED = re.compile(
    r"(?:FAIRLEAD|GIT|LD|DYLD|BASH|TRAVIS)_.*|PATH|HOME|SHELL|ENV|BASHOPTS|SHELLOPTS|IFS|PS4"
    r"|PYTHON(?:PATH|HOME|STARTUP)|PROMPT_COMMAND|CI"
)


class Parameter(Value, frozen=True, kw_only=True):
    """A question that a project asks before a manual build.

    ``kind`` is text, number, flag or choice; ``default`` is taken where nothing is given, and
    without one a value must be. ``choices`` belong to a choice.
    """

    name: str
    kind: str = "text"
    default: str | None = None
    choices: tuple[str, ...] = ()
    description: str = ""


def manual(
    *,
    repository: str,
    ref: str,
    commit: str,
    author: str,
    message: str = "",
    event: str = "manual",
    given: Mapping[str, str] | None = None,
    declared: Sequence[Parameter] | None = (),
) -> Trigger:
    """The trigger of a build of ``commit`` that somebody asked for, on a branch or tag ``ref``.

    ``event`` is manual, api or cron. With ``declared`` parameters only those are taken; ``None``
    takes any. Raises ``TriggerInvalid``.
    """
    if event not in {"manual", "api", "cron"}:
        raise TriggerInvalid(f"not an event that somebody asks for: {event[:50]!a}")
    where = parse_ref(ref if ref.startswith("refs/") else f"refs/heads/{ref}")
    if where.kind == "other":
        raise TriggerInvalid(f"{where.full} is neither a branch nor a tag")
    return Trigger(
        event=event,
        repository=repository,
        branch=where.name if where.kind == "branch" else None,
        tag=where.name if where.kind == "tag" else None,
        commit=commit_id(commit),
        message=tidy(message),
        author=tidy(author),
        ref=where.full,
        parameters=parameters(given or {}, declared),
    )


def parameters(
    given: Mapping[str, str], declared: Sequence[Parameter] | None
) -> tuple[tuple[str, str], ...]:
    """The values of all parameters, in the order of their declaration.

    Raises ``TriggerInvalid`` with everything that is wrong, a line each.
    """
    if len(given) > MOST:
        raise TriggerInvalid(f"{len(given)} parameters; at most {MOST} are taken")
    asked = declared if declared is not None else [Parameter(name=name) for name in given]
    names = {one.name for one in asked}
    known = f"known: {', '.join(one.name for one in asked)}" if asked else "it takes none"
    wrong = [f"{name[:64]!a} is no parameter ({known})" for name in given if name not in names]
    values: list[tuple[str, str]] = []
    for one in asked:
        problem = check_declared(one)
        if not problem:
            value, problem = _value(one, given.get(one.name, one.default))
            values.append((one.name, value))
        wrong += [f"{one.name[:64]}: {problem}"] if problem else []
    if wrong:
        raise TriggerInvalid("\n".join(wrong))
    return tuple(values)


def check_declared(parameter: Parameter) -> str:
    """What is wrong with a declaration itself, or nothing."""
    if not _NAME.fullmatch(parameter.name):
        return "not a name of a variable"
    if _RESERVED.fullmatch(parameter.name.upper()):
        return "a name that is not the job's to set"
    if parameter.kind not in _KINDS:
        return f"the kind is one of {', '.join(_KINDS)}"
    if (parameter.kind == "choice") != bool(parameter.choices):
        return "a choice, and only a choice, has choices"
    if parameter.default is not None:
        return _value(parameter, parameter.default)[1]
    return ""


def _value(parameter: Parameter, given: str | None) -> tuple[str, str]:
    """A value in its normal form, and what is wrong with it."""
    if given is None:
        return "", "a value is needed"
    if len(given) > LONGEST or "\0" in given or not is_text(given):
        return "", f"a text of at most {LONGEST} characters is needed, without zero bytes"
    return _KINDS[parameter.kind](parameter, given)


def _text(_: Parameter, given: str) -> tuple[str, str]:
    return given, ""


def _number(_: Parameter, given: str) -> tuple[str, str]:
    return given, "" if _NUMBER.fullmatch(given) else "not a number"


def _flag(_: Parameter, given: str) -> tuple[str, str]:
    value = _FLAGS.get(given.lower(), "")
    return value, "" if value else "neither true nor false"


def _choice(parameter: Parameter, given: str) -> tuple[str, str]:
    return given, "" if given in parameter.choices else f"not one of {', '.join(parameter.choices)}"


_KINDS = {"text": _text, "number": _number, "flag": _flag, "choice": _choice}
