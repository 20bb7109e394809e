"""A job whose steps share one shell, as a single script that needs nothing of Travis."""

import re
import shlex
from itertools import takewhile

from fairlead.model import Job, Pairs, Phase, Step

_KNOWN = {
    "TRAVIS_BRANCH": '"$FAIRLEAD_BRANCH"',
    "TRAVIS_TAG": '"$FAIRLEAD_TAG"',
    "TRAVIS_COMMIT": '"$FAIRLEAD_COMMIT"',
    "TRAVIS_EVENT_TYPE": '"$FAIRLEAD_EVENT"',
    "TRAVIS_BUILD_DIR": '"$PWD"',
    "TRAVIS_PYTHON_VERSION": "${{ python }}",
    "TRAVIS_OS_NAME": "linux",
    "TRAVIS": "true",
}
_SILENT = frozenset({"CI", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_PROGRESS_BAR"})

# What changes the shell it runs in, and what only such a shell knows.
_KEEPS_STATE = re.compile(
    r"(?m)(?:^|[;&|({`]|\b(?:then|else|do)\b)\s*(?:cd|pushd|popd|export|source|\.|eval|exec|alias"
    r"|set|unset|shopt|declare|typeset|readonly|read|trap|umask|ulimit|function|nvm|rvm|pyenv)\s"
    r"|^\s*\w+=\S*\s*(?:$|;|&&)|\(\)|\bTRAVIS|\btravis_|<<"
)

_RETRY = """\
travis_retry() {
  "$@" || { sleep 1; "$@"; } || { sleep 1; "$@"; }
}"""
_WAIT = """\
travis_wait() {
  case "$1" in *[!0-9]*) ;; *) shift ;; esac
  "$@"
}"""


def own_variables(job: Job) -> tuple[Pairs, Pairs]:
    """A session job's variables: plain values, and bash texts that only a shell can evaluate.

    Those of Travis itself are left out.
    """
    plain: dict[str, str] = {}
    shell: list[tuple[str, str]] = []
    for name, value in job.env:
        if _builtin(name):
            continue
        words = _words(value)
        if shell or words is None:
            shell.append((name, value))
        else:
            plain[name] = words
    return tuple(plain.items()), tuple(shell)


def plain_setup(job: Job) -> tuple[Step, ...]:
    """The first setup steps, as far as they leave nothing in the shell that later ones may need.

    They can be steps of their own, and so errors of the setup stay what they are.
    """
    if own_variables(job)[1]:
        return ()
    setup = (step for step in job.steps if step.phase is Phase.SETUP)
    return tuple(takewhile(lambda step: not _KEEPS_STATE.search(step.command), setup))


def script_of(job: Job) -> str:
    """The job's phases in order: setup stops at the first failure, every script line runs.

    What comes after cannot change the result.
    """
    setup = [step.command for step in job.steps if step.phase is Phase.SETUP]
    scripts = [step.command for step in job.steps if step.phase is Phase.SCRIPT]
    success = _commands(job, Phase.AFTER_SUCCESS)
    failure = _commands(job, Phase.AFTER_FAILURE)
    after = _commands(job, Phase.AFTER)
    body = "\n".join(step.command for step in job.steps)
    lines = ["set -e", *_exports(job, body)]
    if "travis_retry" in body:
        lines.append(_RETRY)
    if "travis_wait" in body:
        lines.append(_WAIT)
    lines += setup
    if len(scripts) == 1 and not (success or failure or after):
        return "\n".join([*lines, *scripts])
    lines += ["result=0", "set +e", *(_tried(command) for command in scripts)]
    if success:
        lines += ['if [ "$result" = 0 ]; then', *map(_indented, success), "fi"]
    if failure:
        lines += ['if [ "$result" != 0 ]; then', *map(_indented, failure), "fi"]
    return "\n".join([*lines, *after, 'exit "$result"'])


def _commands(job: Job, phase: Phase) -> list[str]:
    return [step.command for step in job.steps if step.phase is phase]


def _indented(command: str) -> str:
    """A single line moved in; several lines may hold a text where blanks count."""
    return command if "\n" in command else f"  {command}"


def _tried(command: str) -> str:
    """The command with its failure noted; in braces on lines of their own where it is not plain.

    A comment or a here-document would swallow what stands behind it on its line.
    """
    plain = not re.search(r"[;&|#\n<]|^\s*!", command)
    return f"{command} || result=1" if plain else f"{{\n{command}\n}} || result=1"


def _exports(job: Job, body: str) -> list[str]:
    """Variables that need a shell, and those of Travis which the commands mention."""
    mentioned = [name for name in _KNOWN if re.search(rf"\b{name}\b", body)]
    lines = [
        f"export {name}={_KNOWN[name]}"
        for name in mentioned
        if job.python or "{{" not in _KNOWN[name]
    ]
    return lines + [f"export {name}={value}" for name, value in own_variables(job)[1]]


def _builtin(name: str) -> bool:
    return name.startswith("TRAVIS") or name in {
        *_SILENT,
        *("CONTINUOUS_INTEGRATION", "HAS_JOSH_K_SEAL_OF_APPROVAL", "PAGER", "DEBIAN_FRONTEND"),
    }


def _words(value: str) -> str | None:
    """The plain text that bash makes of a value, or ``None`` where it must be evaluated."""
    if re.search(r"[$`]", re.sub(r"'[^']*'", "", value)):
        return None
    try:
        words = shlex.split(value)
    except ValueError:
        return None
    return " ".join(words) if len(words) <= 1 else None
