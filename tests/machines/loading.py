"""Load on a site while something is done to it, and what came of each request."""

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec

_LOAD = Path(__file__).with_name("load.py")


class Request(msgspec.Struct, frozen=True):
    """One request: when it left, what came back, and after how many seconds.

    ``idle`` is for how long the connection it went over had not been used, 0 for a new one.
    """

    at: float
    took: float
    kind: str
    path: str
    status: int = 0
    release: str = ""
    machine: str = ""
    idle: float = 0.0
    wrong: str = ""

    @property
    def failed(self):
        return self.status != 200 or bool(self.wrong)

    @property
    def until(self):
        return self.at + self.took


class Load:
    """``rate`` requests a second from the desk, from entering it until it is left.

    Then ``requests`` are all of them, in the order they left. With a file ``ca`` they go over TLS,
    and the certificate has to be good.
    """

    def __init__(
        self, network, address, port, log: Path, *, rate=200, host="shop.example", ca=None
    ) -> None:
        self.requests = []
        self._log = log
        argv = (sys.executable, "-I", _LOAD, address, port, rate, "--host", host)
        argv += ("--ca", ca) if ca else ()
        self._argv = network.argv(*argv)

    def __enter__(self):
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(self._argv, stdout=out, cwd="/")
        self.flow()
        return self

    def __exit__(self, *_exc):
        self._process.terminate()
        self._process.wait(60)
        lines = self._log.read_bytes().splitlines()
        found = [msgspec.json.decode(line, type=Request) for line in lines]
        self.requests = sorted(found, key=lambda request: request.at)

    def flow(self, count=40):
        """Wait until so many more requests were answered."""
        wanted = self._lines() + count
        while self._lines() < wanted:
            assert self._process.poll() is None
            time.sleep(0.02)

    def _lines(self):
        return self._log.read_bytes().count(b"\n")

    @property
    def failed(self):
        """Those that did not get what they asked for."""
        return [request for request in self.requests if request.failed]

    @property
    def releases(self):
        """Which releases answered, in the order of their first answers."""
        return list(dict.fromkeys(one.release for one in self.requests if one.release))

    def told(self):
        """What failed, in a line."""
        kinds = {}
        for request in self.failed:
            what = f"{request.kind} {request.status or request.wrong}"
            kinds[what] = kinds.get(what, 0) + 1
        first = self.failed[0] if self.failed else None
        return (
            f"{len(self.failed)} of {len(self.requests)} failed: {json.dumps(kinds)}, first {first}"
        )
