"""An open-loop load: requests leave by the clock, whether or not earlier ones were answered.

A program of its own: ``python load.py ADDRESS PORT RATE`` until it is interrupted, or for SECONDS,
with a JSON line on standard output for each request: when (Unix seconds), how long (seconds),
status, release, machine, path, for how long a kept connection had not been used, and what was
wrong.

Of 25 requests one is slow. Half of all come over connections that are kept, a quarter over
connections of their own, a quarter are POSTs with a body that must come back.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import signal
import ssl
import time

KINDS = ("kept", "once", "kept", "posted")
PATIENCE = 15.0
KEPT = 30.0
"""Seconds after which a connection that nobody used is given up, as browsers and pools of
connections do: nginx closes such ones after 75 (its keepalive_timeout).
"""
RELEASE = b"x-fairlead-release"


class Client:
    """Sends requests; connections that may be used again wait in ``idle``."""

    def __init__(self, address, port, host, ca) -> None:
        self.address, self.port, self.host = address, port, host
        trusting = ssl.create_default_context(cafile=ca) if ca else None
        self.secure = {"ssl": trusting, "server_hostname": host} if trusting else {}
        self.idle = collections.deque()
        self.tell = print

    async def request(self, number, slow):
        kind, path = KINDS[number % len(KINDS)], "/slow" if number % slow == 0 else "/"
        body = f"body of {number}".encode() if kind == "posted" else b""
        began, clock = time.time(), time.perf_counter()
        told = {"at": round(began, 4), "kind": kind, "path": path}
        try:
            async with asyncio.timeout(PATIENCE):
                status, headers, answer = await self._ask(told, body)
            told |= {"status": status, "release": headers.get(RELEASE, b"").decode()}
            told["machine"] = headers.get(b"x-server", b"").decode()
            if body and status == 200 and answer != body:
                told["wrong"] = "another body"
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            told["wrong"] = repr(error)
        told["took"] = round(time.perf_counter() - clock, 5)
        self.tell(json.dumps(told))

    async def _connect(self, told, *, once):
        """A connection, one that is kept where it was used of late; ``told`` gets how long ago.

        Whether it was closed meanwhile is not looked at: then the request fails, and is to.
        """
        while self.idle and not once:
            reader, writer, since = self.idle.pop()
            idle = time.perf_counter() - since
            if idle < KEPT:
                told["idle"] = round(idle, 4)
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.address, self.port, **self.secure)

    async def _ask(self, told, body):
        path, once = told["path"], told["kind"] == "once"
        reader, writer = await self._connect(told, once=once)
        try:
            method = "POST" if body else "GET"
            writer.write(
                f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
                f"Content-Length: {len(body)}\r\n"
                f"Connection: {'close' if once else 'keep-alive'}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            headers = _headers(head)
            answer = await _body(reader, headers)
        except BaseException:
            writer.close()
            raise
        if once or headers.get(b"connection") == b"close":
            writer.close()
        else:
            self.idle.append((reader, writer, time.perf_counter()))
        return int(head[9:12]), headers, answer


def _headers(head):
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:] if b":" in line)
    return {name.lower(): value.strip() for name, _, value in lines}


async def _body(reader, headers):
    if b"content-length" in headers:
        return await reader.readexactly(int(headers[b"content-length"]))
    if headers.get(b"transfer-encoding") == b"chunked":
        found = b""
        while size := int(await reader.readline(), 16):
            found += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return found
    return await reader.read()


async def main(told):
    client = Client(told.address, told.port, told.host, told.ca)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    began, tasks = loop.time(), set()
    number = 0
    while not over.is_set() and number < told.rate * told.seconds:
        late = began + number / told.rate - loop.time()
        if late > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), late)
        task = loop.create_task(client.request(number, told.slow))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("rate", type=float, help="requests a second")
    parser.add_argument("seconds", type=float, nargs="?", default=3600.0)
    parser.add_argument("--host", default="shop.example", help="what the Host header says")
    parser.add_argument("--ca", help="ask over TLS, and believe what this file vouches for")
    parser.add_argument("--slow", type=int, default=25, help="one request of so many is slow")
    asyncio.run(main(parser.parse_args()))
