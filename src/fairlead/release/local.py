"""Releases of a project on this machine: what its runs say of a commit, packed and kept."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from fairlead.errors import DeploymentRefused
from fairlead.model import JobResult, Outcome
from fairlead.model.environment import Migrations, Packaging
from fairlead.model.release import Release
from fairlead.release.package import package
from fairlead.release.reading import read_release
from fairlead.release.shelf import Shelf, shelf_of
from fairlead.release.signing import own_key
from fairlead.release.tags import Tagger
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Source
from fairlead.runner.history import History, at_commit
from fairlead.runner.places import working_folder
from fairlead.settings import Settings


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest run of all jobs at a commit came to; empty where there was none.

    ``requirements`` are the pinned packages one of its jobs ran with.
    """

    build: str = ""
    verdict: str = ""
    requirements: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A release that is asked for. ``by`` is who asks, ``force`` allows a build that failed."""

    source: Source
    packaging: Packaging
    settings: Settings
    host: Mapping[str, str]
    by: str = ""
    branch: str = ""
    tag: str = ""
    force: bool = False
    tagging: bool = True
    migrations: Sequence[Migrations] = (Migrations(),)


def tested(source: Source) -> Tested:
    """What this project's runs here say of a source's commit.

    Runs of some jobs or tests, and those of files that were changed, say nothing.
    """
    history = History(source.root)
    entry = at_commit(history.entries(), source.commit.id if source.commit else None)
    if entry is None or not entry.trusted:
        return Tested()
    jobs = history.load(entry.number).jobs
    return Tested(
        build=f"run {entry.number}", verdict=entry.outcome, requirements=_requirements(jobs)
    )


def make_release(
    request: Request, emit: Callable[[str], None], cancel: Cancel | None = None
) -> Release:
    """Make the release of a commit, give it a number and a tag, and forget the oldest ones.

    Raises ``DeploymentRefused`` where the commit's run failed and ``force`` is not set, and as
    ``package`` does.
    """
    source, settings = request.source, request.settings
    known = tested(source)
    if known.verdict not in ("", Outcome.PASSED) and not request.force:
        raise DeploymentRefused(
            f"{known.build} of this commit {known.verdict}, so it is not packaged",
            hint="mend it, or take it all the same with --force; the release will say so",
        )
    shelf = shelf_of(source.root)
    with working_folder(settings.home) as work:
        file = package(
            source,
            request.packaging,
            settings=settings,
            host=request.host,
            folder=work,
            build=known.build,
            verdict=known.verdict,
            branch=request.branch,
            tag=request.tag,
            tested=known.requirements,
            migrations=request.migrations,
            emit=emit,
            cancel=cancel,
        )
        manifest = read_release(file, trusted={own_key(settings.config).public}, deep=False)
        pattern = request.packaging.tag if request.tagging else ""
        tagger = Tagger(source=source, pattern=pattern, branch=request.branch)
        release = shelf.add(file, manifest, by=request.by, least=tagger.least())
    release = _tagged(release, tagger, shelf, request.by)
    shelf.prune(request.packaging.keep, live=(release.number,))
    return release


def _tagged(release: Release, tagger: Tagger, shelf: Shelf, by: str) -> Release:
    if release.tag or not (name := tagger.name(release.number)):
        return release
    manifest = release.manifest
    facts = [f"Release {release.number} of {manifest.project}", "", f"version {manifest.version}"]
    facts += [f"{manifest.build}: {manifest.verdict}"] if manifest.build else ["not tested"]
    tagger.make(name, "\n".join([*facts, f"sha256 {release.sha256}"]), by)
    return shelf.note_tag(release.number, name)


def _requirements(jobs: Sequence[JobResult]) -> tuple[str, ...]:
    recorded = (job.resolution for job in jobs if job.resolution)
    return tuple(next(recorded, "").splitlines())
