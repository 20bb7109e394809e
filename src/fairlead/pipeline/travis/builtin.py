"""The variables Travis sets by itself, as bash texts."""

import shlex

from fairlead.model import Pairs, Trigger
from fairlead.pipeline.travis.facts import branch_name, event_type
from fairlead.pipeline.travis.nodes import Keys, text


def builtin_variables(
    trigger: Trigger,
    config: Keys,
    *,
    number: int,
    name: str,
    stage: str,
    python: str | None,
    allow_failure: bool,
    secure: bool,
) -> Pairs:
    """The variables of job ``number`` (from 1); ``secure`` says whether it has secrets.

    Paths and the run's number are known to the shell only, so these name other variables.
    """
    values = {
        **dict.fromkeys(("CI", "TRAVIS", "CONTINUOUS_INTEGRATION"), "true"),
        "HAS_JOSH_K_SEAL_OF_APPROVAL": "true",
        "PAGER": "cat",
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_PROGRESS_BAR": "off",
        "TRAVIS_ALLOW_FAILURE": _flag(allow_failure),
        "TRAVIS_BUILD_STAGE_NAME": stage,
        "TRAVIS_CPU_ARCH": text(config.get("arch")) or "amd64",
        "TRAVIS_DIST": text(config.get("dist")) or "",
        "TRAVIS_JOB_NAME": name,
        "TRAVIS_LANGUAGE": text(config.get("language")) or "python",
        "TRAVIS_OS_NAME": "linux",
        "TRAVIS_SECURE_ENV_VARS": _flag(secure),
        "TRAVIS_SUDO": "false",
        **_origin(trigger),
    }
    if python is not None:
        values["TRAVIS_PYTHON_VERSION"] = python
    build = '"${FAIRLEAD_RUN:-1}"'
    job = f'"${{FAIRLEAD_RUN:-1}}.{number}"'
    shell = {
        "TRAVIS_BUILD_DIR": '"$PWD"',
        "TRAVIS_HOME": '"${HOME-}"',
        "TRAVIS_TMPDIR": '"${TMPDIR:-/tmp}"',
        "TRAVIS_BUILD_ID": build,
        "TRAVIS_BUILD_NUMBER": build,
        "TRAVIS_JOB_ID": job,
        "TRAVIS_JOB_NUMBER": job,
    }
    quoted = {key: shlex.quote(value) if value else "" for key, value in values.items()}
    return tuple(sorted((quoted | shell).items()))


def _origin(trigger: Trigger) -> dict[str, str]:
    pull = trigger.event == "pull_request"
    commit = trigger.commit or ""
    between = "..." if pull else ".."
    return {
        "TRAVIS_BRANCH": branch_name(trigger),
        "TRAVIS_COMMIT": commit,
        "TRAVIS_COMMIT_MESSAGE": trigger.message,
        "TRAVIS_COMMIT_RANGE": f"{trigger.base}{between}{commit}" if trigger.base else "",
        "TRAVIS_EVENT_TYPE": event_type(trigger),
        "TRAVIS_PULL_REQUEST": (trigger.pull_request or "false") if pull else "false",
        "TRAVIS_PULL_REQUEST_BRANCH": (trigger.source_branch or "") if pull else "",
        "TRAVIS_PULL_REQUEST_SHA": commit if pull else "",
        "TRAVIS_PULL_REQUEST_SLUG": trigger.source_repository if pull else "",
        "TRAVIS_REPO_SLUG": trigger.repository,
        "TRAVIS_TAG": trigger.tag or "",
    }


def _flag(value: bool) -> str:  # noqa: FBT001 - a flag is all it takes
    return "true" if value else "false"
