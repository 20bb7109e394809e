"""A commit pushed to a platform's git, with its token where nobody else can read it."""

import os
import tempfile
from pathlib import Path

from fairlead.deploy.base import Tell
from fairlead.deploy.providers.running import own_variables, run_lines

_ASK = """#!/bin/sh
case $1 in Username*) echo token ;; *) printf '%s\\n' "$FAIRLEAD_PUSH_TOKEN" ;; esac
"""


async def push(
    address: str,
    commit: str,
    token: str,
    timeout: float,  # noqa: ASYNC109 — git's processes end with it
    say: Tell,
    *,
    folder: Path | None = None,
) -> None:
    """Push a commit of the repository in ``folder`` to the branch main there, whatever was there.

    The token is git's answer to the question for a password: it is in no argument and no file.
    Raises ``HostFailed`` with the last lines where the push is refused.
    """
    with tempfile.TemporaryDirectory(prefix="fairlead-") as place:
        ask = Path(place) / "ask"
        ask.write_text(_ASK, "utf-8")
        ask.chmod(0o700)
        env = own_variables(os.environ) | {
            "GIT_ASKPASS": str(ask),
            "GIT_TERMINAL_PROMPT": "0",
            "FAIRLEAD_PUSH_TOKEN": token,
        }
        argv = ("git", "-c", "credential.helper=", "-c", "core.hooksPath=/dev/null", "push")
        await run_lines(
            (*argv, "--force", "--no-verify", "--", address, f"{commit}:refs/heads/main"),
            cwd=folder or Path.cwd(), env=env, timeout=timeout, say=say, what="git push",
        )  # fmt: skip
