"""A server's repository on this machine, where the person's own clone lacks a commit."""

import base64
from collections.abc import Mapping
from pathlib import Path

from fairlead.client.repository import has_commit
from fairlead.errors import RepositoryError
from fairlead.util.digest import sha256
from fairlead.util.fs import locked
from fairlead.util.git import git, try_git

_ALL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def fetch_commit(home: Path, url: str, commit: str, *, ref: str = "", token: str = "") -> Path:
    """A bare repository below ``home`` that holds ``commit``; nothing is fetched twice.

    ``ref`` is what to fetch where no branch or tag leads to the commit (a pull request). The
    token goes along in a header, and is seen neither in the list of processes nor on disk.
    Raises ``RepositoryError``.
    """
    folder = home / "clones" / f"{sha256(url.encode()).hexdigest()[:16]}.git"
    with locked(folder.with_suffix(".lock")):
        if not (folder / "HEAD").exists():
            folder.mkdir(parents=True, exist_ok=True)
            git("init", "-q", "--bare", cwd=folder)
        if has_commit(folder, commit):
            return folder
        why = ""
        for wanted in (_ALL, (ref,), (commit,)):
            if wanted[0]:
                words = ("fetch", "--quiet", "--", url, *wanted)
                done = try_git(*words, cwd=folder, env=_variables(url, token))
                why = why or (done.stderr.decode("utf-8", "replace").strip() if done.code else "")
                if has_commit(folder, commit):
                    return folder
    raise RepositoryError(
        f"commit {commit[:10]} cannot be had from {url}" + (f": {why}" if why else ""),
        hint="was it force-pushed away? Somebody's clone may still have it",
    )


def _variables(url: str, token: str) -> Mapping[str, str]:
    if not token:
        return {}
    basic = base64.b64encode(f"fairlead:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
