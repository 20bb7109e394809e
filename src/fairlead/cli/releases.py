"""`fairlead releases`: the releases of this project on this machine, and whose are believed."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlead.cli.view.look import Look
    from fairlead.model.release import Release
    from fairlead.release.shelf import Shelf

_WHEELS_UNUSED = 90 * 86400.0
"""Seconds after which a wheel that no release took is forgotten."""
_MANY = 20


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, show, verify and prune the releases of this project.

    \b
      fairlead releases
      fairlead releases show 7
      fairlead releases verify bank-1f9c4e2ab310.release
    """  # noqa: D301 — click's own sign
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_command(*, as_json: bool = False) -> None:
    """List the releases, newest first."""
    shelf = _shelf()
    found = shelf.list()[::-1]
    if as_json:
        _print_json(found)
        return
    look = _look()
    where = _where(shelf.live())
    for release in found:
        click.echo(_row(release, where.get(release.number, ""), look), color=look.colour)
    if not found:
        click.echo("This project has no release yet: fairlead package makes one.", err=True)


@command.command("show")
@click.argument("release", default="latest")
@click.option("--files", is_flag=True, help="List the files in it, too.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
def show_command(*, release: str, files: bool, as_json: bool) -> None:
    """Show one release, by its number, version, commit or tag; or the newest."""
    shelf = _shelf()
    found = shelf.find(release)
    if as_json:
        _print_json(found)
        return
    look = _look()
    for name, text in _facts(found, _where(shelf.live()), look):
        click.echo(f"{look.style(f'{name:<12}', 'dim')} {text}", color=look.colour)
    for member in found.manifest.members if files else ():
        link = f" -> {member.link}" if member.link else ""
        click.echo(f"{member.size:>12,}  {_one_line(member.path + link)}")


@command.command("verify")
@click.argument("release", metavar="RELEASE|FILE")
def verify_command(*, release: str) -> None:
    """Check the signature and every checksum of a release or of a release's file.

    A release is the number, version, commit or tag of one of this project's.
    """
    from fairlead.release.reading import open_release
    from fairlead.release.signing import trusted_keys

    path = Path(release)
    if not path.is_file() and not release.endswith(".release"):
        path = Path(_shelf().find(release).file)
    keys = trusted_keys(context.settings().config)
    opened = open_release(path, trusted=keys, deep=True)
    manifest = opened.manifest
    count = f"{len(manifest.members):,} files"
    who = keys[opened.signer]
    click.echo(
        f"{_one_line(path.name)} is whole: {manifest.project} {manifest.version}, {count}, "
        f"signed by {'you' if who == 'own' else who}"
    )


@command.command("prune")
@click.option("--keep", type=click.IntRange(min=0), help="How many stay (release: keep, or 20).")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
def prune_command(*, keep: int | None, dry_run: bool) -> None:
    """Remove old releases from this machine; hosts keep theirs.

    What is live somewhere, as far as it was deployed from here, stays. Wheels that no release
    has taken for 90 days go too.
    """
    if keep is None:
        keep = context.environments().packaging.keep
    gone = _shelf().prune(keep, dry_run=dry_run)
    look = _look()
    for release in gone:
        click.echo(_row(release, "", look), color=look.colour)
    total = size_of(sum(release.size for release in gone))
    count = f"{len(gone)} release{'' if len(gone) == 1 else 's'}"
    click.echo(f"would remove {count}, {total}" if dry_run else f"removed {count}, {total} freed")
    if not dry_run:
        from fairlead.release.wheels import prune_wheels

        prune_wheels(context.settings().home, time.time() - _WHEELS_UNUSED)


@command.command("keys")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def keys_command(*, as_json: bool) -> None:
    """List the public keys whose releases are believed; your own is made where there is none."""
    from fairlead.release.signing import own_key, trusted_keys

    config = context.settings().config
    own_key(config)
    found = {name: key for key, name in trusted_keys(config).items()}
    if as_json:
        _print_json(found)
        return
    width = max(map(len, found))
    for name, key in sorted(found.items(), key=lambda pair: (pair[0] != "own", pair[0])):
        click.echo(f"{name:<{width}}  {key}")


@command.command("trust")
@click.argument("name")
@click.argument("key")
def trust_command(*, name: str, key: str) -> None:
    """Believe releases that were signed with KEY; NAME is what you call whose it is.

    KEY is what `fairlead releases keys` shows them as `own`.
    """
    from fairlead.release.signing import trust

    trust(context.settings().config, name, key)


@command.command("distrust")
@click.argument("name")
def distrust_command(*, name: str) -> None:
    """Believe a key no more."""
    from fairlead.release.signing import distrust

    distrust(context.settings().config, name)


def size_of(count: float) -> str:
    """``4.2 MB``."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 — the step between units
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def tested_by(release: "Release", look: "Look") -> str:
    """Which build tested a release, and how that ended."""
    manifest = release.manifest
    if not manifest.verdict:
        return look.style("not tested: deploying it will need --force", "yellow")
    text = f"{manifest.build} {manifest.verdict}".strip()
    return look.style(_one_line(text), "green" if manifest.verdict == "passed" else "red")


def _shelf() -> "Shelf":
    from fairlead.cli.runs import find_root
    from fairlead.release.shelf import shelf_of

    return shelf_of(find_root(Path.cwd()))


def _where(live: "Mapping[str, tuple[int, ...]]") -> dict[int, str]:
    """The environments each release is live or warm in."""
    found: dict[int, list[str]] = {}
    for name, numbers in live.items():
        for number in numbers:
            found.setdefault(number, []).append(name)
    return {number: ", ".join(names) for number, names in found.items()}


def _row(release: "Release", where: str, look: "Look") -> str:
    manifest = release.manifest
    words = (
        look.style(f"{release.number:>4}", "bold"),
        manifest.version,
        _when(release.created),
        f"{size_of(release.size):>9}",
        look.clip(_one_line(manifest.branch or "-"), 20).ljust(20),
        tested_by(release, look) if manifest.verdict else look.style("not tested", "yellow"),
        *(_one_line(text) for text in (release.tag, where) if text),
    )
    return look.plain("  ".join(words).rstrip())


def _facts(
    release: "Release", where: "Mapping[int, str]", look: "Look"
) -> "Iterable[tuple[str, str]]":
    manifest = release.manifest
    yield "release", look.style(f"{release.number} of {manifest.project}", "bold")
    yield "version", manifest.version
    yield "commit", manifest.commit + (f" on {manifest.branch}" if manifest.branch else "")
    yield "tested", tested_by(release, look)
    if tag := release.tag or manifest.tag:
        yield "tag", tag
    yield "made", f"{_when(release.created)}{f' by {release.by}' if release.by else ''}"
    if text := where.get(release.number):
        yield "live in", text
    yield "python", f"{manifest.python} on {manifest.platform}"
    for name, digest in manifest.locks:
        yield "lock", f"{_one_line(name)}  {digest[:16]}"
    yield "environment", manifest.environment
    many = manifest.requirements
    if many:
        more = f" and {len(many) - _MANY} more" if len(many) > _MANY else ""
        yield "wheels", ", ".join(many[:_MANY]) + more
    for path in manifest.migrations:
        marks = [
            word
            for word, paths in (
                ("irreversible", manifest.irreversible),
                ("needs maintenance", manifest.maintenance),
            )
            if path in paths
        ]
        yield "migration", _one_line(path) + (f"  ({', '.join(marks)})" if marks else "")
    yield "files", f"{len(manifest.members):,}, {size_of(release.size)}"
    yield "file", os.path.relpath(release.file)
    yield "sha256", release.sha256


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _one_line(text: str) -> str:
    from fairlead.cli.view.clean import one_line

    return one_line(text)


def _look() -> "Look":
    from fairlead.cli.view.look import look_of

    return look_of(sys.stdout, os.environ)


def _print_json(value: object) -> None:
    from fairlead.cli.builds import print_json

    print_json(value)
