"""A release of a commit: its files, its packages, what is built of it, as one signed file.

The same commit and build give the same bytes on every machine with the same kind of Python,
whatever its folders, its clock and its umask are.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from fairlead.errors import ReleaseFailed
from fairlead.model.environment import Migrations, Packaging
from fairlead.model.release import Manifest
from fairlead.release.archive import Piece
from fairlead.release.building import Building, built
from fairlead.release.collecting import WHEELS, source_pieces
from fairlead.release.facts import commit_time, find_migrations, project_name, version_of
from fairlead.release.locks import Locked
from fairlead.release.resolving import Resolver
from fairlead.release.signing import own_key
from fairlead.release.target import target_python
from fairlead.release.wheels import (
    Wheel,
    Wheels,
    environment_digest,
    platform_of,
    requirements_of,
)
from fairlead.release.writing import write_release
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Source, fill_workspace
from fairlead.runner.environments import Environments
from fairlead.runner.places import working_folder
from fairlead.runner.pythons import Interpreter
from fairlead.settings import Settings

Tell = Callable[[str], None]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a commit beside its files."""

    project: str
    build: str
    verdict: str
    branch: str
    tag: str
    tested: Sequence[str]
    migrations: Sequence[Migrations]


def package(
    source: Source,
    packaging: Packaging,
    *,
    settings: Settings,
    host: Mapping[str, str],
    folder: Path,
    project: str = "",
    build: str = "",
    verdict: str = "",
    branch: str = "",
    tag: str = "",
    tested: Sequence[str] = (),
    migrations: Sequence[Migrations] = (Migrations(),),
    emit: Tell = lambda _text: None,
    cancel: Cancel | None = None,
) -> Path:
    """Make the release of a commit in ``folder``; returns its file.

    ``host`` are the person's variables, of which those get through that lead to packages.
    ``build`` is the page or number of the build that tested the commit, ``verdict`` its outcome,
    ``tested`` the pinned requirements it ran with: they hold where there is no lock file.
    ``emit`` is told what takes long. Whether a build that did not pass may be packaged is the
    caller's business. Raises ``ReleaseFailed``, ``EnvironmentFailed``, ``InterpreterNotFound``,
    ``SandboxFailed`` and ``StoreError``, each with the tool's own reason.
    """
    told = Told(
        project=project or project_name(source.tree, source.root.name),
        build=build,
        verdict=verdict,
        branch=branch,
        tag=tag,
        tested=tested,
        migrations=migrations,
    )
    with (
        working_folder(settings.home) as work,
        Environments(settings.home, host) as environments,
    ):
        maker = _Maker(
            source=source,
            packaging=packaging,
            settings=settings,
            host=host,
            told=told,
            emit=emit,
            cancel=cancel or Cancel(),
            work=work,
            environments=environments,
            committed=commit_time(source),
            interpreter=target_python(packaging.python, source.tree, settings.home, host),
        )
        return maker.make(folder)


class _Maker(msgspec.Struct, frozen=True, kw_only=True):
    source: Source
    packaging: Packaging
    settings: Settings
    host: Mapping[str, str]
    told: Told
    emit: Tell
    cancel: Cancel
    work: Path
    environments: Environments
    committed: int
    interpreter: Interpreter

    def make(self, folder: Path) -> Path:
        source, files = self.source, self.work / "files"
        key = own_key(self.settings.config)
        fill_workspace(source, files)
        pieces = source_pieces(files, self.packaging.exclude, _submodules(source))
        locked = self._locked(files)
        wheels = Wheels(self.environments, self.interpreter, self.host, files, self.emit)
        chosen = wheels.get(locked)
        manifest = self._manifest(locked, chosen)
        with built(self._building(manifest.version, locked, wheels.lines(chosen))) as made:
            everything = _together(pieces, made, _wheel_pieces(wheels, chosen))
            file, whole = write_release(folder, manifest, everything, key)
        _compare(whole, wheels, chosen, file)
        return file

    def _locked(self, files: Path) -> Locked:
        resolver = Resolver(
            environments=self.environments,
            environ=self.host,
            interpreter=self.interpreter,
            root=files,
            tree=self.source.tree,
            tree_id=self.source.tree_id,
            tested=self.told.tested,
            emit=self.emit,
        )
        return resolver.locked(self.packaging)

    def _manifest(self, locked: Locked, chosen: Sequence[Wheel]) -> Manifest:
        commit = self.source.commit.id if self.source.commit else ""
        told, interpreter = self.told, self.interpreter
        files, irreversible, maintenance = find_migrations(self.source.tree, told.migrations)
        return Manifest(
            project=told.project,
            version=version_of(commit),
            commit=commit,
            tree=self.source.tree_id,
            branch=told.branch,
            tag=told.tag,
            committed=self.committed,
            build=told.build,
            verdict=told.verdict,
            python=interpreter.short,
            platform=platform_of(interpreter),
            locks=locked.files,
            environment=environment_digest(interpreter, chosen),
            requirements=tuple(f"{one.name}=={one.version}" for one in chosen),
            migrations=files,
            irreversible=irreversible,
            maintenance=maintenance,
        )

    def _building(self, version: str, locked: Locked, lines: tuple[str, ...]) -> Building:
        return Building(
            source=self.source,
            packaging=self.packaging,
            lines=lines,
            projects=locked.projects,
            interpreter=self.interpreter,
            environments=self.environments,
            settings=self.settings,
            host=self.host,
            work=self.work,
            variables={"SOURCE_DATE_EPOCH": str(self.committed), "RELEASE_VERSION": version},
            emit=self.emit,
            cancel=self.cancel,
        )


def _submodules(source: Source) -> tuple[str, ...]:
    start = b"160000 "
    entries = (line for line in source.tree.entries if line.startswith(start))
    return tuple(line.partition(b"\t")[2].decode("utf-8", "replace") for line in entries)


def _together(*groups: Sequence[Piece]) -> tuple[Piece, ...]:
    """All pieces; what a build made goes before a committed file of that name."""
    return tuple({piece.path: piece for group in groups for piece in group}.values())


def _wheel_pieces(wheels: Wheels, chosen: Sequence[Wheel]) -> tuple[Piece, ...]:
    if not chosen:
        return ()
    files = [
        Piece(path=f"{WHEELS}/{one.file}", file=wheels.path(one), packed=True) for one in chosen
    ]
    return (*files, Piece(path=f"{WHEELS}/requirements.txt", data=requirements_of(chosen)))


def _compare(manifest: Manifest, wheels: Wheels, chosen: Sequence[Wheel], file: Path) -> None:
    """Make sure that no wheel has changed since it was fetched."""
    packed = {member.path: member.sha256 for member in manifest.members}
    for one in chosen:
        if packed[f"{WHEELS}/{one.file}"] != one.sha256:
            wheels.forget(one)
            file.unlink()
            raise ReleaseFailed(
                f"the stored wheel {one.file} was damaged and is removed", hint="try again"
            )
