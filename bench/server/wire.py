"""How servers are spoken to: HTTP on the loopback, and server-sent events."""

import json
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

_TRIES = 3


class Refused(Exception):
    """An answer that is not the one that was asked for."""


def ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One request on a connection of its own. Raises ``Refused``."""
    for left in reversed(range(_TRIES if method == "GET" else 1)):
        connection, answer = begin(port, path, method=method, body=body, headers=headers)
        try:
            data = answer.read()
        except IncompleteRead:  # Buildbot at times closes a connection without the body
            if not left:
                raise
        else:
            if answer.status not in (200, 201):
                raise Refused(f"{method} {path}: {answer.status} {data[:300]!r}")
            return data
        finally:
            connection.close()
    raise AssertionError


def ask_json(port: int, path: str, **more: Any) -> Any:
    """As ``ask``; what the JSON says."""
    return json.loads(ask(port, path, **more))


def begin(
    port: int,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[HTTPConnection, HTTPResponse]:
    """A request whose answer has begun to arrive."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    sent = {**(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, sent)
    return connection, connection.getresponse()


def events(port: int, path: str, *, patience: float) -> Iterator[tuple[str, str]]:
    """Name and data of server-sent events, as they arrive, for ``patience`` seconds."""
    connection, answer = begin(port, path, headers={"Accept": "text/event-stream"})
    latest = time.monotonic() + patience
    if answer.status != 200:
        raise Refused(f"{path}: {answer.status}")
    name = ""
    try:
        for line in answer:
            if time.monotonic() > latest:
                raise Refused(f"{path}: nothing came of it in {patience:.0f} s")
            key, _, value = line.decode().strip().partition(":")
            if key == "event":
                name = value.strip()
            elif key == "data":
                yield name, value.strip()
    finally:
        connection.close()


def first_byte(port: int, path: str) -> float:
    """Milliseconds until an answer begins."""
    began = time.perf_counter()
    connection, answer = begin(port, path)
    took = time.perf_counter() - began
    answer.read()
    connection.close()
    if answer.status != 200:
        raise Refused(f"{path}: {answer.status}")
    return took * 1000
