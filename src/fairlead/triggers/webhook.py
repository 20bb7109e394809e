"""The way in for webhooks: a request and the project's secrets to a proved delivery."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from fairlead.errors import TriggerInvalid, UsageError, WebhookUnreadable
from fairlead.triggers import gitea, github, gitlab
from fairlead.triggers.outcome import Delivery
from fairlead.triggers.request import BODY_LIMIT, Request, read_request

FORGES: Mapping[str, Callable[[Request, Sequence[str], float], Delivery]] = {
    "github": github.read,
    "gitlab": gitlab.read,
    "gitea": gitea.read,
    "forgejo": gitea.read,
}
"""What reads a forge's deliveries, by the name in the webhook's address."""


def receive(
    forge: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    secrets: Sequence[str],
    now: float,
    limit: int = BODY_LIMIT,
) -> Delivery:
    """Prove and read one delivery.

    ``headers`` are names and values as often as they came, ``secrets`` the project's (several
    while one is being changed), ``now`` seconds since 1970. Raises ``WebhookRefused`` (answer
    403), ``WebhookTooLarge`` (413), ``WebhookUnreadable`` (400), and ``UsageError`` (404) for a
    forge we do not know. Nothing but size and headers is looked at before the proof.
    """
    if forge not in FORGES:
        raise UsageError(f"no such forge: {forge[:50]!a}", hint=f"known: {', '.join(FORGES)}")
    request = read_request(headers, body, limit=limit)
    try:
        return FORGES[forge](request, secrets, now)
    except TriggerInvalid as error:
        raise WebhookUnreadable(f"the payload holds {error.message}", hint=error.hint) from error
