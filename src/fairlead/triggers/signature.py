"""Whether a delivery was sent by somebody who knows the secret. All comparisons in constant time.

None of these says which of several secrets did not fit, or how far it was from fitting.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from hashlib import sha256

from fairlead.errors import WebhookRefused

TOLERANCE = 300
"""Seconds a signed time may differ from ours, as Standard Webhooks recommends."""

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNING = "whsec_"


def known(secrets: Sequence[str]) -> tuple[str, ...]:
    """The secrets that are not empty: with an empty one anybody could sign.

    Raises ``WebhookRefused`` where nothing is left.
    """
    kept = tuple(secret for secret in secrets if secret)
    if not kept:
        raise WebhookRefused(
            "the project has no webhook secret", hint="make one, and enter it at the forge"
        )
    return kept


def check_hmac(secrets: Sequence[str], body: bytes, given: str, header: str) -> None:
    """Raise ``WebhookRefused`` unless ``given`` is the body's HMAC-SHA256 in 64 hex digits."""
    if not given:
        raise WebhookRefused(
            f"the delivery is not signed: there is no {header}",
            hint="enter the project's webhook secret at the forge",
        )
    if not _HEX.fullmatch(given):
        raise WebhookRefused(f"{header} is not a SHA-256 signature")
    digest = bytes.fromhex(given)
    if True not in [hmac.compare_digest(_mac(_utf8(s), body), digest) for s in known(secrets)]:
        raise _wrong(header)


def check_token(secrets: Sequence[str], given: str, header: str) -> None:
    """Raise ``WebhookRefused`` unless ``given`` is one of the secrets itself.

    Digests are compared, so that not even the length can be found out.
    """
    if not given:
        raise WebhookRefused(
            f"the delivery has no {header}",
            hint="enter the project's webhook secret as the secret token",
        )
    digest = sha256(_utf8(given)).digest()
    plain = [s for s in known(secrets) if not is_signing(s)]
    if True not in [hmac.compare_digest(sha256(_utf8(s)).digest(), digest) for s in plain]:
        raise _wrong(header)


def is_signing(secret: str) -> bool:
    """Whether a secret is a signing token (``whsec_...``), never itself sent."""
    return secret.startswith(_SIGNING)


def check_standard(
    secrets: Sequence[str], body: bytes, *, name: str, sent: str, given: str, now: float
) -> None:
    """Raise ``WebhookRefused`` unless the delivery is signed as Standard Webhooks says.

    ``name``, ``sent`` and ``given`` are the headers webhook-id, webhook-timestamp and
    webhook-signature, ``now`` seconds since 1970. Only signing tokens are tried.
    """
    if not given:
        raise WebhookRefused(
            "the delivery is not signed: there is no webhook-signature",
            hint="enter the project's webhook secret as the signing token",
        )
    if not name or not _SECONDS.fullmatch(sent):
        raise WebhookRefused("the delivery has a webhook-signature without its id and time")
    keys = [_key(secret) for secret in known(secrets) if is_signing(secret)]
    content = b".".join((_utf8(name), sent.encode(), body))
    offered = [_decoded(part.removeprefix("v1,")) for part in given.split() if part[:3] == "v1,"]
    fits = [hmac.compare_digest(_mac(key, content), one) for key in keys for one in offered]
    if True not in fits:
        raise _wrong("webhook-signature")
    apart = now - int(sent)
    if abs(apart) > TOLERANCE:
        when = f"{abs(apart):.0f} s {'ago' if apart > 0 else 'from now'}"
        raise WebhookRefused(
            f"the delivery was signed {when}; at most {TOLERANCE} s are accepted",
            hint="compare the clocks of both machines, or send it again",
        )


def _key(secret: str) -> bytes:
    key = _decoded(secret.removeprefix(_SIGNING))
    if not key:
        raise WebhookRefused(
            "the project's signing token is not base64", hint="copy it again, whsec_ and all"
        )
    return key


def _decoded(text: str) -> bytes:
    """Bytes of base64, none where it is something else."""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _wrong(header: str) -> WebhookRefused:
    return WebhookRefused(
        f"{header} does not fit the project's webhook secret",
        hint="compare the secret at the forge with the project's",
    )
