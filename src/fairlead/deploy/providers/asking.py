"""Whether a release is well, asked for over the network as anybody would."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlead.deploy.telling import Told
from fairlead.errors import HostFailed
from fairlead.model.environment import Health

if TYPE_CHECKING:
    import httpx

_PAUSE = 0.5
_LARGEST = 1 << 20


async def ask_until_well(url: str, health: Health, version: str, told: Told) -> None:
    """Wait until ``url`` and the health's path answer as they should, often enough in a row.

    ``version`` is asked for where ``health.version`` says where it is. Raises ``HostFailed`` with
    what was wrong last when the patience is over.
    """
    import httpx

    until = time.monotonic() + health.patience
    good, wrong = 0, ""
    address = url.rstrip("/") + health.path
    async with httpx.AsyncClient(timeout=health.timeout) as client:
        while good < max(1, health.successes):
            wrong = await _wrong(client, address, health, version)
            good = 0 if wrong else good + 1
            if wrong and time.monotonic() > until:
                raise HostFailed(f"{address} is not well: {wrong}")
            if good < health.successes:
                await asyncio.sleep(_PAUSE if wrong else 0.05)
    told.note = f"{health.path} answers {health.status}" + (f", {version}" * bool(health.version))


async def ask_once(url: str, health: Health, version: str) -> str:
    """What is wrong with the answer of the health's path; empty where it is well."""
    import httpx

    async with httpx.AsyncClient(timeout=health.timeout) as client:
        return await _wrong(client, url.rstrip("/") + health.path, health, version)


async def _wrong(client: "httpx.AsyncClient", address: str, health: Health, version: str) -> str:
    import httpx

    try:
        answer = await client.get(address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"no answer: {error or type(error).__name__}"
    return fault(answer.status_code, answer.headers, answer.content, health, version)


def fault(
    status: int, headers: Mapping[str, str], body: bytes, health: Health, version: str
) -> str:
    """What is wrong with an answer; empty where it is as it should be."""
    if status != health.status:
        return f"status {status}, not {health.status}"
    text = body[:_LARGEST].decode("utf-8", "replace")
    if health.body and health.body not in text:
        return f"{health.body!r} is not in the answer"
    if not health.version or not version:
        return ""
    found = _told(headers, text, health.version)
    if health.version == "body":
        return "" if version in text else f"version {version} is not in the answer"
    return "" if found == version else f"version {found or 'nothing'}, not {version}"


def _told(headers: Mapping[str, str], text: str, where: str) -> str:
    kind, _, path = where.partition(":")
    if kind == "header":
        return headers.get(path, "")
    if kind != "json":
        return ""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return ""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else str(value)
