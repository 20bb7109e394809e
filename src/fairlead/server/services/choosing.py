"""What is to be deployed: a release, or the build that one is made of."""

import msgspec

from fairlead.errors import UsageError
from fairlead.server.services import environments, releases
from fairlead.server.store.builds import BuildQuerySet
from fairlead.server.store.models import OPEN, Build, Environment, Release, State

_LOOKED_AT = 200
"""Builds that are looked through for one that may go there."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One of these; with none it is the newest that may go there and passed.

    ``commit`` may be abbreviated, ``build`` and ``release`` are numbers.
    """

    release: int | None = None
    build: int | None = None
    branch: str = ""
    tag: str = ""
    commit: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A commit with its release, or the build to wait for; ``tested`` is false for a bad one."""

    commit: str
    branch: str = ""
    tag: str = ""
    build: Build | None = None
    release: Release | None = None
    tested: bool = True


def choose(environment: Environment, wanted: Wanted, by: str) -> Found:
    """Raises ``UsageError`` for what is not there; a commit nobody built is built."""
    if wanted.release is not None:
        return _of_release(environment, wanted.release)
    if wanted.build is not None:
        return _of_build(environment, _numbered(environment, wanted.build))
    if wanted.branch or wanted.tag or wanted.commit:
        return _of_commit(environment, wanted, by)
    return _of_build(environment, _newest(environment))


def _of_release(environment: Environment, number: int) -> Found:
    release = releases.by_number(environment.project, number)
    if release.pull_request != environment.pull_request:
        what = f"pull request {release.pull_request}" if release.pull_request else "no pull request"
        raise UsageError(f"{release} is of {what}: it does not go to {environment}")
    if release.state in (Release.State.FAILED, Release.State.EXPIRED):
        if release.build is None:
            raise UsageError(f"{release} is {release.state}, and its build was removed")
        release = releases.make(release.build, review=bool(environment.pull_request))
    return Found(
        commit=release.commit,
        branch=release.branch,
        tag=release.tag,
        build=release.build,
        release=release,
        tested=release.tested,
    )


def _of_build(environment: Environment, build: Build) -> Found:
    if not environments.takes(environment, build):
        if environment.pull_request:
            raise UsageError(f"build {build.number} may not go to {environment}")
        raise UsageError(f"build {build.number} is of a proposed change: it is not deployed")
    return Found(
        commit=build.commit,
        branch="" if build.pull_request else build.branch,
        tag=build.tag,
        build=build,
        release=Release.objects.listed().filter(build=build).first(),
        tested=not build.ended or build.state == State.PASSED,
    )


def _of_commit(environment: Environment, wanted: Wanted, by: str) -> Found:
    from django.conf import settings

    from fairlead.server.services import manual, refs

    project = environment.project
    found = refs.resolve(
        settings.FAIRLEAD, project, branch=wanted.branch, tag=wanted.tag, commit=wanted.commit
    )
    rows = _deployable(environment).filter(commit=found.commit)
    passed = rows.filter(state=State.PASSED).order_by("-id").first()
    build = passed or rows.filter(state__in=OPEN).order_by("-id").first()
    build = build or rows.order_by("-id").first()
    if build is None:
        branch = wanted.branch or ("" if wanted.tag else project.default_branch)
        build = manual.start(project, branch=branch, tag=wanted.tag, commit=found.commit, author=by)
    chosen = _of_build(environment, build)
    if wanted.branch:
        # The commit is on it, whatever branch it was built for.
        return msgspec.structs.replace(chosen, branch=wanted.branch)
    return msgspec.structs.replace(chosen, tag=wanted.tag) if wanted.tag else chosen


def _newest(environment: Environment) -> Build:
    specification = environment.read()
    passed = _deployable(environment).filter(state=State.PASSED).order_by("-id")
    for build in passed[:_LOOKED_AT]:
        if environment.pull_request or environments.wants(
            specification,
            branch=build.branch,
            tag=build.tag,
            default=environment.project.default_branch,
        ):
            return build
    raise UsageError(
        f"nothing that passed may go to {environment}", hint="name a branch, a tag or a commit"
    )


def _numbered(environment: Environment, number: int) -> Build:
    rows = Build.objects.listed().filter(project=environment.project, number=number)
    if (build := rows.first()) is None:
        raise UsageError(f"{environment.project} has no build {number}")
    return build


def _deployable(environment: Environment) -> BuildQuerySet:
    rows = Build.objects.listed().filter(project=environment.project)
    # Some of the jobs alone say little of the whole.
    if environment.pull_request:
        return rows.filter(pull_request=environment.pull_request, only=[])
    return rows.filter(trusted=True, pull_request="", only=[])
