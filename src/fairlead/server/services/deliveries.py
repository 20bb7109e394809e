"""Webhooks: proved, kept, built once, and taken again where a person asks for it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from fairlead.errors import UsageError, WebhookRefused, WebhookTooLarge, WebhookUnreadable
from fairlead.server.links import without_password
from fairlead.server.services import intake
from fairlead.server.services.intake import Came
from fairlead.server.store.models import Delivery, Project
from fairlead.triggers import webhook
from fairlead.triggers.outcome import Delivery as Proved
from fairlead.triggers.outcome import Outcome
from fairlead.util.digest import sha256

KEPT = 500
"""Deliveries of a project whose bodies are kept; of refused and repeated ones a fifth."""
KEPT_DAYS = 30
REMEMBERED_DAYS = 400
"""For how long it is remembered that a delivery was built, so that it is not built again."""

_REFUSED_BODY = 4096
_AT_ONCE = 1000
# Written out one by one: what is not here, such as a signature, a token or a cookie, is not kept.
_SHOWN = frozenset({
    "content-type", "content-length", "user-agent", "x-github-event", "x-github-delivery",
    "x-github-hook-id", "x-gitlab-event", "x-gitlab-event-uuid", "x-gitlab-webhook-uuid",
    "x-gitlab-instance", "idempotency-key", "webhook-id", "webhook-timestamp", "x-gitea-event",
    "x-gitea-event-type", "x-gitea-delivery", "x-forgejo-event", "x-forgejo-event-type",
    "x-forgejo-delivery",
})  # fmt: skip
_LONGEST = 300
_TELLING = 8
"""Characters of a secret that is looked for in bodies; a shorter one is in any of them."""
_NOISE = (Delivery.Fate.REFUSED, Delivery.Fate.REPEATED)
_SCP = re.compile(r"[\w.-]+@[\w.-]+:(?!//)(.+)")


def accept(
    forge: str,
    project: Project,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    now: float,
) -> Delivery:
    """Prove a webhook and build what it tells of; kept in any case.

    ``headers`` are names and values as often as they came, ``now`` seconds since 1970. Raises as
    ``fairlead.triggers.webhook.receive`` does, after the refused delivery was kept.
    """
    heads = list(headers)
    secrets = secrets_of(project)
    try:
        proved = webhook.receive(forge, heads, body, secrets=secrets, now=now)
    except (WebhookRefused, WebhookUnreadable) as error:
        refuse(forge, project, heads, body, error)
        raise
    came = Came(
        source=proved.forge,
        key=proved.key,
        event=proved.event,
        headers=shown(heads),
        body=_without(secrets, body),
        size=len(body),
    )
    return intake.settle(project, came, [_outcome(project, proved)])[0]


def refuse(
    forge: str,
    project: Project,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    error: WebhookRefused | WebhookUnreadable,
) -> Delivery:
    """Keep a delivery that was not taken, of its body the beginning: anybody can send it."""
    came = Came(
        source=forge[:20],
        key=sha256(body).hexdigest(),
        headers=shown(headers),
        body=_without(secrets_of(project), body)[:_REFUSED_BODY],
        size=len(body),
    )
    more = " or more" if isinstance(error, WebhookTooLarge) else ""
    return intake.refused(project, came, f"{error.message} ({len(body):,} bytes{more})")


def replay(delivery: Delivery) -> Delivery:
    """Take a delivery once more, as if it came now: with the project's present filters.

    Returns the new delivery, which names this one and holds the new builds, or the reason why
    there are none. Raises ``UsageError`` for one that told of nothing to build.
    """
    wanted = delivery.read_wanted()
    project = delivery.project
    if not wanted or project is None:
        raise UsageError(
            f"nothing can be built of delivery {delivery.pk}: {delivery.reason or 'it is old'}",
            hint="start a build by hand instead",
        )
    came = Came(
        source=delivery.source,
        key=delivery.key,
        event=delivery.event,
        headers=delivery.headers,
        size=delivery.size,
        replay_of=delivery.replay_of or delivery,
    )
    outcomes = [(trigger.ref, Outcome(trigger=trigger)) for trigger in wanted]
    return intake.settle(project, came, outcomes)[0]


def secrets_of(project: Project) -> tuple[str, ...]:
    """The project's webhook secrets: several while one is being changed."""
    return tuple(project.webhook_secret.split())


def shown(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The headers that are kept: none that proves anything."""
    return {name.lower(): value[:_LONGEST] for name, value in headers if name.lower() in _SHOWN}


def expire() -> int:
    """Forget old deliveries, a limited number a call; returns how many were removed or emptied.

    Of one that was built or looked at, what it was stays longer than its body, so that nobody can
    have it built once more by sending it again.
    """
    emptied = Now() - timedelta(days=KEPT_DAYS)
    removed = Now() - timedelta(days=REMEMBERED_DAYS)
    noise = Delivery.objects.filter(fate__in=_NOISE)
    whole = Delivery.objects.exclude(fate__in=_NOISE).exclude(body=b"", wanted=None)
    gone = _oldest(noise.filter(received__lt=emptied))
    gone |= _oldest(Delivery.objects.filter(received__lt=removed))
    bare = _oldest(whole.filter(received__lt=emptied))
    counts = Delivery.objects.order_by().values("project_id").annotate(count=Count("id"))
    many = counts.filter(count__gt=KEPT // 5, project_id__isnull=False)
    for project_id in many.values_list("project_id", flat=True):
        gone |= _beyond(noise.filter(project_id=project_id), KEPT // 5)
        bare |= _beyond(whole.filter(project_id=project_id), KEPT)
    Delivery.objects.filter(pk__in=gone).delete()
    Delivery.objects.filter(pk__in=bare).update(body=b"", wanted=None, headers={})
    return len(gone | bare)


def _oldest(deliveries: QuerySet[Delivery]) -> set[int]:
    return set(deliveries.order_by("id").values_list("id", flat=True)[:_AT_ONCE])


def _beyond(deliveries: QuerySet[Delivery], most: int) -> set[int]:
    newest = deliveries.order_by("-id").values_list("id", flat=True)
    return set(newest[most : most + _AT_ONCE])


def _outcome(project: Project, proved: Proved) -> tuple[str, Outcome]:
    """What comes of a delivery, if it is about the project's own repository.

    A forge may send the webhooks of all repositories of an owner to one address.
    """
    outcome = proved.outcome
    ref = outcome.trigger.ref if outcome.trigger else ""
    if proved.repository and not _is_of(project.url, proved.repository):
        url = without_password(project.url)
        reason = f"it is about {proved.repository[:200]}, and the project is {url[:200]}"
        return ref, Outcome(reason=reason)
    return ref, outcome


def _is_of(url: str, repository: str) -> bool:
    """Whether a repository's full name is that of an address; true where that cannot be told."""
    short = _SCP.fullmatch(url)
    if not short and urlsplit(url).scheme not in {"https", "http", "ssh", "git"}:
        return True
    path = short[1] if short else urlsplit(url).path
    name = path.rstrip("/").removesuffix(".git").strip("/")
    return f"/{name}".lower().endswith(f"/{repository}".lower())


def _without(secrets: Sequence[str], body: bytes) -> bytes:
    """A body without the secret itself, which old versions of Gitea write into it."""
    for secret in (one for one in secrets if len(one) >= _TELLING):
        body = body.replace(secret.encode("utf-8", "surrogatepass"), b"***")
    return body
