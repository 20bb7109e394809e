"""The variables that git is served with: nobody's own settings, and the limits of this server."""

import os
from collections.abc import Mapping
from pathlib import Path

from fairlead.server.configuration import Configuration
from fairlead.server.hosting import hooks
from fairlead.server.hosting.repositories import HIDDEN

_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")


def as_variables(pairs: Mapping[str, str]) -> dict[str, str]:
    """Settings of git as variables, where no list of processes shows them (git-config(1))."""
    found = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for index, (name, value) in enumerate(pairs.items()):
        found |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    return found


def bare_variables() -> dict[str, str]:
    """What every git of the server is run with: no settings of this machine, no prompts."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def serving(
    told: Configuration, repository: Path, *, any_commit: bool, namespace: str = ""
) -> dict[str, str]:
    """For a git that answers clients; ``any_commit`` also gives what no shown ref leads to.

    With a ``namespace`` no refs but those in it are shown or moved (gitnamespaces(7)).
    """
    limit = told.repository_limit
    # In a namespace git tells which objects the refs outside have, so that few are sent.
    apart = f"^{HIDDEN.rstrip('/')}" if namespace else "refs/namespaces"
    settings = {
        # The folder may belong to another user, as where it is a mounted volume.
        "safe.directory": str(repository),
        "core.hooksPath": str(hooks.folder(told)),
        "transfer.hideRefs": HIDDEN.rstrip("/"),
        "receive.hideRefs": apart,
        "uploadpack.hideRefs": apart,
        "receive.fsckObjects": "true",
        "receive.advertisePushOptions": "true",
        "receive.maxInputSize": str(limit),
        "receive.autogc": "false",
        "receive.denyDeleteCurrent": "refuse",
        "http.receivepack": "true",
        "http.uploadpack": "true",
        "http.getanyfile": "false",
        "uploadpack.allowFilter": "true",
        "uploadpack.allowReachableSHA1InWant": "true",
        "uploadpack.allowAnySHA1InWant": "true" if any_commit else "false",
        "core.bigFileThreshold": "16m",
        "pack.windowMemory": "64m",
        "pack.threads": "1",
    }
    # Old habits of git that write broken modes or dates; refusing those refuses whole histories.
    for habit in ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone"):
        settings[f"receive.fsck.{habit}"] = "warn"
    inside = {"GIT_NAMESPACE": namespace} if namespace else {}
    return bare_variables() | as_variables(settings) | inside
