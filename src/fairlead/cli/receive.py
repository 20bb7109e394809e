"""`fairlead receive`: push to deploy, by a hook of a bare repository, without any server."""

import os
import sys
from pathlib import Path

import click

from fairlead.errors import FairleadError, RepositoryError, UsageError

_MARK = "# Written by `fairlead receive --install`."
_KINDS = ("pre", "post")


@click.command()
@click.option("--install", metavar="REPOSITORY", help="Write the hook into a bare repository.")
@click.option(
    "--hook",
    type=click.Choice(_KINDS),
    default="pre",
    show_default=True,
    help="Before git accepts a push, which refuses a bad one; or after.",
)
@click.option(
    "--no-test",
    is_flag=True,
    help="Deploy without running the pipeline; each deployment records that.",
)
def command(*, install: str | None, hook: str, no_test: bool) -> int:
    """Test and deploy what is pushed to a bare repository: a hook that git calls.

    \b
    For example, on the machine that has the repository:
      fairlead receive --install /srv/git/shop.git
    and then, from anywhere:
      git push ssh://git@example.org/srv/git/shop.git main
      git push -o deploy=production ... main

    The pushed commit is run, packaged, and deployed to the environments whose `branch` or `tag`
    takes it. As pre-receive hook a commit that does not pass or does not go live is refused; as
    post-receive hook it stays in the repository, and you are told. Environments that ask to be
    confirmed have to be named by -o deploy=NAME; -o deploy.skip deploys nothing.
    """  # noqa: D301 — click's own sign
    if install is not None:
        _install(Path(install), hook, no_test=no_test)
        return 0
    return _receive(hook, test=not no_test)


def _receive(hook: str, *, test: bool) -> int:
    from fairlead.cli.receiving import Desk, Refused, push_options, receive
    from fairlead.triggers.push import read_post_receive

    if "GIT_DIR" not in os.environ:
        raise UsageError(
            "this is for git to call, as a hook",
            hint="write the hook: fairlead receive --install REPOSITORY",
        )
    desk = Desk(Path(os.environ["GIT_DIR"]).resolve())
    updates = read_post_receive(sys.stdin.buffer.read())
    quarantine = os.environ.get("GIT_QUARANTINE_PATH", "") if hook == "pre" else ""
    try:
        with desk.taken(quarantine, _say):
            receive(desk, updates, push_options(os.environ), test=test, say=_say)
    except (Refused, FairleadError) as error:
        kept = "" if hook == "pre" else "; the push itself was accepted"
        click.echo(f"fairlead: {error}{kept}")
        return 1
    finally:
        if hook == "post":
            desk.tags_back()
    return 0


def _say(text: str) -> None:
    click.echo(f"fairlead: {text}")
    sys.stdout.flush()


def _install(repository: Path, hook: str, *, no_test: bool) -> None:
    """Write the hook. Raises ``UsageError`` where there is one of somebody else."""
    import shlex

    from fairlead.cli.receiving import Desk
    from fairlead.util.fs import write_atomic
    from fairlead.util.git import git

    if not (repository / "objects").is_dir() or not (repository / "HEAD").is_file():
        raise RepositoryError(
            f"{repository} is not a bare repository", hint=f"make one: git init --bare {repository}"
        )
    hooks = repository / "hooks"
    for kind in _KINDS:
        path = hooks / f"{kind}-receive"
        ours = path.is_file() and _MARK in path.read_text("utf-8", "replace")
        if path.exists() and not ours and kind == hook:
            raise UsageError(f"{path} is there already, and not ours", hint="move it away first")
        if ours:
            path.unlink()
    words = [sys.executable, "-m", "fairlead", "receive", "--hook", hook]
    words += ["--no-test"] if no_test else []
    hooks.mkdir(exist_ok=True)
    path = hooks / f"{hook}-receive"
    write_atomic(path, f"#!/bin/sh\n{_MARK}\nexec {shlex.join(words)}\n".encode())
    path.chmod(0o755)
    git("config", "receive.advertisePushOptions", "true", cwd=repository)
    desk = Desk(repository.resolve())
    desk.folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"{path}: written; pushes are tested and deployed by the rules of fairlead.yml")
    click.echo(f"runs, releases and secrets are kept in {desk.folder}: call fairlead there")
