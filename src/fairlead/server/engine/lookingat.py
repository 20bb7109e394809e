"""Asking hosts what they serve, and keeping what they say."""

import msgspec
from django.utils import timezone

from fairlead.server.configuration import Configuration
from fairlead.server.engine.apart.orders import Look, Looked, Refused
from fairlead.server.engine.apart.started import start
from fairlead.server.engine.deploying import Apart
from fairlead.server.secrets.reading import deploy_key
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Environment
from fairlead.server.store.notify import tell


async def look_at(environment_id: int, *, home: str, told: Configuration, apart: Apart) -> None:
    """The engine's task."""
    order = await apart(lambda: _order(environment_id, home, told))
    if order.environment.provider != "ssh":
        return
    last: Looked | Refused | None = None
    process = await start(order)
    async for answer in process.answers():
        if isinstance(answer, Looked | Refused):
            last = answer
    await apart(lambda: _keep(environment_id, last))


def _order(environment_id: int, home: str, told: Configuration) -> Look:
    row = Environment.objects.get(pk=environment_id)
    return Look(folder=home, key=deploy_key(told, row.project_id), environment=row.read())


def _keep(environment_id: int, told: Looked | Refused | None) -> None:
    rows = Environment.objects.filter(pk=environment_id)
    if isinstance(told, Looked):
        hosts = msgspec.to_builtins(told.hosts)
        rows.update(hosts=[_clean(host) for host in hosts], looked=timezone.now(), trouble="")
    else:
        why = told.reason if told else "they could not be asked: the worker's log says why"
        rows.update(looked=timezone.now(), trouble=clean(why, 2000))
    tell(0)


def _clean(host: dict[str, object]) -> dict[str, object]:
    return {
        name: clean(value, 1000) if isinstance(value, str) else value
        for name, value in host.items()
    }
