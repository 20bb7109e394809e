"""The allow-list proxy: the only way out of a box whose network is a list of hosts.

Its socket lies in the box's network, where nothing else leads outside, and is served by a thread of
Fairlead. Where the machine itself gets out by a proxy only, requests are passed on to that one.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Mapping

from fairlead.runner.sandbox.hosts import is_allowed, target_of

_CHUNK = 1 << 16
_LONGEST_HEAD = 1 << 16
_BACKLOG = 64
_CONNECT_WITHIN = 30.0  # seconds


class Proxy:
    """Serves ``listener`` until closed. ``upstream`` are the machine's own proxy variables."""

    def __init__(
        self, listener: socket.socket, hosts: tuple[str, ...], upstream: Mapping[str, str]
    ) -> None:
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._hosts = hosts
        self._upstream = dict(upstream)
        self._denied: dict[str, None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="box proxy")
        self._thread.start()

    @property
    def variables(self) -> dict[str, str]:
        """What programs in the box are told."""
        address = f"http://127.0.0.1:{self.port}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        direct = "localhost,127.0.0.1,::1"
        return dict.fromkeys(names, address) | {"no_proxy": direct, "NO_PROXY": direct}

    def denied(self) -> tuple[str, ...]:
        """Hosts that were asked for and are not on the list, in the order they were."""
        return tuple(self._denied)

    def close(self) -> None:
        """Cut all connections and stop. Idempotent."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        serving = asyncio.start_server(self._answer, sock=self._listener, limit=_LONGEST_HEAD)
        server = loop.run_until_complete(serving)
        try:
            loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                method, url, _version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                target = target_of(method, url)
            except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return
            if target is None:
                await _refuse(writer, "400 Bad Request", "not a request to a proxy")
            elif not is_allowed(*target, self._hosts):
                self._denied.setdefault(target[0])
                words = f"{target[0]} is not among the hosts this job may reach"
                await _refuse(writer, "403 Forbidden", words)
            else:
                await self._connect(method, head, target, (reader, writer))

    async def _connect(
        self,
        method: str,
        head: bytes,
        target: tuple[str, int],
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        via = _proxy_for(method, target[0], self._upstream)
        try:
            opening = asyncio.open_connection(*(via or target))
            far = await asyncio.wait_for(opening, _CONNECT_WITHIN)
        except (OSError, TimeoutError) as error:
            await _refuse(client[1], "502 Bad Gateway", f"{target[0]}: {error}")
            return
        with contextlib.closing(far[1]):
            if via is not None:
                far[1].write(head)
            elif method == "CONNECT":
                client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far[1].write(_direct(head))
            await asyncio.gather(_pump(client[0], far[1]), _pump(far[0], client[1]))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


async def _refuse(writer: asyncio.StreamWriter, status: str, words: str) -> None:
    body = f"fairlead: {words}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    with contextlib.suppress(OSError):
        await writer.drain()


def _direct(head: bytes) -> bytes:
    """A request for an absolute URL as its own server expects it, one to a connection."""
    line, _, rest = head.partition(b"\r\n")
    method, url, version = line.split(b" ")
    path = b"/" + url.partition(b"://")[2].partition(b"/")[2]
    fields = [
        field
        for field in rest.split(b"\r\n")
        if not field.lower().startswith((b"proxy-", b"connection:", b"keep-alive:"))
    ]
    return b"\r\n".join((b" ".join((method, path, version)), b"Connection: close", *fields))


def _proxy_for(method: str, host: str, upstream: Mapping[str, str]) -> tuple[str, int] | None:
    """The machine's own proxy for this request, if it has one."""
    if not upstream:
        return None
    from urllib.parse import urlsplit
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    lowered = {name.lower().removesuffix("_proxy"): value for name, value in upstream.items()}
    address = lowered.get("https" if method == "CONNECT" else "http") or lowered.get("all")
    if not address or proxy_bypass_environment(host, lowered):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    return (parts.hostname, parts.port or 80) if parts.hostname else None
