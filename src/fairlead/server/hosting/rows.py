"""What hosting needs of the store, as values; every function asks the database, so not for a loop.

The one module here that knows rows.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec
from asgiref.sync import sync_to_async
from django.db import connections

from fairlead.errors import FairleadError, NotFound
from fairlead.server.access import Actor, actor_of_header, anybody
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import facts, mirrors, receipts, repositories, wishes
from fairlead.server.hosting.live import JobSeen, Seen, StepSeen
from fairlead.server.hosting.push import Taken
from fairlead.server.links import base_url, build_path
from fairlead.server.services import builds, projects
from fairlead.server.services.pushes import Accepted, CommitFacts, receive_push
from fairlead.server.store.models import ENDED, Build, Job, Project, Step, Test
from fairlead.server.store.waiting import why_waiting
from fairlead.server.streams.hub import Hub
from fairlead.triggers.push import RefUpdate, read_post_receive

log = logging.getLogger(__name__)

T = TypeVar("T")

SOURCE = "git"
"""The source of deliveries that are pushes to us."""

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()

_BAD = ("failed", "errored")
_MOST_BAD = 21
_MOST_STEPS = 500


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A project as far as its repository is concerned."""

    id: int
    name: str
    hosted: bool
    default_branch: str
    protected: tuple[str, ...]


async def apart(work: Callable[[], T]) -> T:
    """Call ``work`` in a thread that may use Django's connections."""

    def call() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await sync_to_async(call, thread_sensitive=False)()


def who(authorization: str) -> Actor | None:
    """Who asks: ``None`` for a token that is not valid."""
    return actor_of_header(authorization) if authorization else anybody()


def find(name: str) -> Known | None:
    """The project of that name."""
    with suppress(NotFound):
        project = projects.by_name(name)
        return Known(
            id=project.pk,
            name=project.name,
            hosted=project.kind == Project.Kind.HOSTED,
            default_branch=project.default_branch,
            protected=tuple(project.protected),
        )
    return None


def take(
    told: Configuration,
    project_id: int,
    updates: Sequence[RefUpdate],
    key: str,
    options: Sequence[str],
) -> list[Taken]:
    """Turn refs of a hosted repository into builds."""
    project = Project.objects.get(pk=project_id)
    repository = repositories.folder(told, project.name)

    def look_up(update: RefUpdate) -> CommitFacts:
        return CommitFacts(**msgspec.structs.asdict(facts.look_up(repository, update)))

    accepted = receive_push(
        project, updates, source=SOURCE, key=key, options=options, look_up=look_up
    )
    return [_taken(told, project, one) for one in accepted]


def _taken(told: Configuration, project: Project, one: Accepted) -> Taken:
    if one.build is None:
        return Taken(ref=one.ref, reason=one.reason)
    url = base_url(told) + build_path(project.name, one.build.number)
    return Taken(ref=one.ref, build_id=one.build.pk, number=one.build.number, url=url)


def recover(told: Configuration, known: Known) -> int:
    """Build what pushes moved whose process died before it could; returns how many there were."""
    repository = repositories.folder(told, known.name)

    def build(receipt: receipts.Receipt) -> None:
        moved = [
            update
            for update in read_post_receive(receipt.refs)
            if update.ref.full not in receipt.gated
            and repositories.tip(repository, update.ref.full) == update.after
        ]
        if moved:
            take(told, known.id, moved, receipt.key, receipt.options)

    return receipts.take_over(repository, build)


def left(told: Configuration) -> list[str]:
    """Projects of which pushes may have been left; looks at folders only."""
    found = (told.data / "repositories").glob("[!.]*.git")
    return [path.stem for path in found if receipts.left(path)]


def recover_all(told: Configuration) -> int:
    """Build what was left, of all projects; returns how many pushes there were."""
    return sum(recover(told, known) for name in left(told) if (known := find(name)))


def bring(told: Configuration, known: Known, build_id: int) -> None:
    """Have a mirror fetch what a worker elsewhere is about to ask for, where it lacks that."""
    if known.hosted:
        return
    build = Build.objects.select_related("project").filter(pk=build_id).first()
    if build is None or build.project_id != known.id or not build.commit:
        return
    try:
        ref = build.read_trigger().ref
        mirrors.bring(told, known.name, build.project.url, ref, build.commit)
    except FairleadError as error:
        log.warning("%s", error)


def look(build_id: int) -> Seen:
    """A build at this moment. Raises ``FairleadError`` where it was removed."""
    build = Build.objects.listed().filter(pk=build_id).first()
    if build is None:
        raise FairleadError("the build was removed")
    jobs = list(Job.objects.filter(build=build).defer("result"))
    steps = Step.objects.filter(attempt__job__build=build, state__in=ENDED).order_by("id")
    bad = Test.objects.filter(build=build, outcome__in=_BAD).order_by("id")
    return Seen(
        number=build.number,
        state=build.state,
        ended=build.ended,
        sentence=build.sentence,
        reason=build.reason,
        waiting=why_waiting(build),
        jobs=tuple(_job(job) for job in jobs),
        steps=tuple(
            (step.pk, _step(step))
            for step in steps.select_related("attempt__job").defer("attempt__job__result")[
                :_MOST_STEPS
            ]
        ),
        bad=tuple((test.pk, _test(test)) for test in bad[:_MOST_BAD]),
        bad_tests=build.bad_tests,
    )


def _job(job: Job) -> JobSeen:
    return JobSeen(name=job.name, state=job.state, seconds=job.seconds, reason=job.reason)


def _step(step: Step) -> StepSeen:
    return StepSeen(
        job=step.attempt.job.name,
        name=step.name,
        state=step.state,
        seconds=step.seconds,
        reason=step.reason,
    )


def _test(test: Test) -> str:
    said = test.message.partition("\n")[0]
    return f"{test.node or test}{': ' if said else ''}{said}"


class Rows:
    """A push's ``Desk``: the store of this process."""

    def __init__(self, told: Configuration, project: Known, actor: Actor) -> None:
        self._told = told
        self._project = project
        self._actor = actor

    async def admit(self, options: Sequence[str]) -> None:
        """As ``Desk`` has it."""
        if wishes.environments_of(options):
            await apart(lambda: wishes.admit(self._project.id, options, self._actor))

    async def take(
        self, updates: Sequence[RefUpdate], key: str, options: Sequence[str]
    ) -> list[Taken]:
        """As ``Desk`` has it."""
        told, actor = self._told, self._actor

        def work() -> list[Taken]:
            taken = take(told, self._project.id, updates, key, options)
            if not wishes.environments_of(options):
                return taken
            return [wishes.deploy(told, self._project.id, one, options, actor) for one in taken]

        return await apart(work)

    async def look(self, build_id: int) -> Seen:
        """As ``Desk`` has it."""
        return await apart(lambda: look(build_id))

    async def cancel(self, build_id: int, reason: str) -> None:
        """As ``Desk`` has it."""

        def work() -> None:
            build = Build.objects.filter(pk=build_id).first()
            if build:
                builds.cancel(build, reason)

        await apart(work)

    @contextmanager
    def changes(self, build_id: int) -> Iterator[asyncio.Event]:
        """As ``Desk`` has it, by one connection for all who wait."""
        with _hub(self._told.database_url).subscribed(build_id) as event:
            yield event


def _hub(url: str) -> Hub:
    """The hub of this event loop; it has a connection only while somebody waits."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(url)
    return _hubs[loop]
