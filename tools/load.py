"""Requests that leave by the clock, whether or not earlier ones were answered.

``load.py ADDRESS RATE DOMAIN`` until it is ended; a line ``STATUS RELEASE`` for each request.
Half of them come over connections that are kept, half over connections of their own.
"""

import asyncio
import contextlib
import signal
import sys

PATHS = ("/", "/healthz", "/static/bank.css")
PATIENCE = 15.0


class Client:
    """Connections that may be used again wait in ``idle``."""

    def __init__(self, address: str, domain: str) -> None:
        self.address, self.domain = address, domain
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def request(self, number: int) -> None:
        """Ask for a page, and say what came of it."""
        try:
            async with asyncio.timeout(PATIENCE):
                status, release = await self._ask(PATHS[number % len(PATHS)], keep=number % 2 == 0)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            status, release = type(error).__name__, ""
        print(status, release, flush=True)

    async def _ask(self, path: str, *, keep: bool) -> tuple[str, str]:
        if keep and self.idle:
            reader, writer = self.idle.pop()
        else:
            reader, writer = await asyncio.open_connection(self.address, 80)
        try:
            how = "keep-alive" if keep else "close"
            asked = f"GET {path} HTTP/1.1\r\nHost: {self.domain}\r\nConnection: {how}\r\n\r\n"
            writer.write(asked.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = (line.partition(":") for line in head.lower().split("\r\n")[1:])
            headers = {name: value.strip() for name, _, value in lines}
            await reader.readexactly(int(headers.get("content-length", "0")))
        except BaseException:
            writer.close()
            raise
        if keep and headers.get("connection") != "close":
            self.idle.append((reader, writer))
        else:
            writer.close()
        return head.split()[1], headers.get("x-fairlead-release", "nginx")


async def load(address: str, rate: float, domain: str) -> None:
    """Send until told to stop; then wait for the answers that are still to come."""
    client, tasks, number = Client(address, domain), set[asyncio.Task[None]](), 0
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    clock = asyncio.get_running_loop().time
    began = clock()
    while not stopping.is_set():
        task = asyncio.create_task(client.request(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        number += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), max(0, began + number / rate - clock()))
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(load(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
