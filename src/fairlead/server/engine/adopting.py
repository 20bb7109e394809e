"""Deployments whose worker died: what their processes wrote down is stored after all."""

import logging
import os
from pathlib import Path

import msgspec

from fairlead.model.deployment import AnyDeployEvent, DeployFinished
from fairlead.server.engine.deployrows import DeployRows, NotOurs
from fairlead.server.store.models import Deployment, DeploymentState
from fairlead.util.decoding import json_decoder
from fairlead.util.fs import remove_tree

log = logging.getLogger(__name__)


def anything_left(home: Path) -> bool:
    """Whether there are such folders, of whomever: quicker than to look closely."""
    try:
        with os.scandir(home / "deployments") as entries:
            return any(True for _ in entries)
    except OSError:
        return False


def adopt(home: Path) -> int:
    """Store what processes of this machine left that nobody hears of; how many there were.

    One whose worker and process are gone, without an end, is left to be found lost.
    """
    from fairlead.server.engine.apart.folder import left_behind

    count = 0
    for folder in left_behind(home):
        count += _adopt(folder)
        _remove_again(folder.name)
        remove_tree(folder)
    return count


def _adopt(folder: Path) -> int:
    from fairlead.server.engine.apart.folder import JOURNAL

    deployment, _, job = folder.name.partition("-")
    if not (deployment.isdecimal() and job.isdecimal()):
        return 0
    events = _events(folder / JOURNAL)
    rows = DeployRows(int(deployment), int(job))
    try:
        if events:
            rows.wipe()
            rows.store(events)
    except NotOurs:
        return 0  # its end is known
    if not any(isinstance(event, DeployFinished) for event in events):
        lost(int(deployment), int(job))
    log.info("deployment %s was carried on without its worker", deployment)
    return 1


def _remove_again(name: str) -> None:
    from fairlead.server.services import reviews

    number = name.partition("-")[0]
    if number.isdecimal():
        reviews.remove_again(int(number))


def lost(deployment_id: int, job_id: int | None) -> bool:
    """Say that nobody carries one on, as far as anybody knows; false where it has ended."""
    from django.db import transaction
    from django.utils import timezone

    from fairlead.server.store.models import DeployPhase
    from fairlead.server.store.notify import tell_deployment

    with transaction.atomic():
        rows = Deployment.objects.filter(
            pk=deployment_id, job_id=job_id, state=DeploymentState.RUNNING
        )
        phases = DeployPhase.objects.filter(
            deployment=deployment_id, state=DeployPhase.State.RUNNING
        )
        last = phases.order_by("-place").values_list("phase", flat=True).first()
        sentence = f"its worker was lost during {last}" if last else "its worker was lost"
        now = timezone.now()
        if not rows.update(state=DeploymentState.LOST, sentence=sentence, finished=now, reason=""):
            return False
        phases.update(state=DeployPhase.State.LOST)
        tell_deployment(deployment_id)
    return True


def _events(journal: Path) -> list[AnyDeployEvent]:
    try:
        lines = journal.read_bytes().splitlines()
    except OSError as error:
        log.warning("a journal cannot be read: %s", error)
        return []
    decoder = json_decoder(AnyDeployEvent)
    found: list[AnyDeployEvent] = []
    for line in lines:
        try:
            found.append(decoder.decode(line))
        except msgspec.MsgspecError:
            break  # cut off in the middle, where the machine went down
    return found
