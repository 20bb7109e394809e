"""Files of a worker on another host: stored by the web nodes, over HTTP."""

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import IO
from urllib.parse import quote

import httpx

from fairlead.errors import StoreError
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.storage import parts_of

log = logging.getLogger(__name__)

PATH = "/internal/storage/"
_BLOCK = 1 << 20
_IN_MEMORY = 1 << 20  # bytes of a file that are not spooled to a disk
_PATIENCE = 300.0
"""Seconds for which a web node may be away before a file is given up."""

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_AWAY = (429, 500, 502, 503, 504)
_FULL = 507


class HttpStorage:
    """A ``Storage`` behind ``url``. Safe for several threads.

    While no web node answers it tries again, for ``patience`` seconds. ``pause`` sleeps.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: float = _PATIENCE,
        pause: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = url.rstrip("/") + PATH
        self._patience = patience
        self._pause = pause
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(60.0, connect=10.0),
            transport=transport,
        )

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Gather the pieces first: they can be had once, and sending may take several tries."""
        address = self._address(name)
        with _spooled() as file:
            size = _gather(file, pieces)
            length = {"Content-Length": str(size)}

            def send() -> httpx.Response:
                file.seek(0)
                return self._client.put(address, content=_blocks(file), headers=length)

            self._asked(name, send)
        return size

    def read(self, name: str, offset: int, size: int) -> bytes:
        """Ask for a range."""
        if size <= 0:
            self.size(name)
            return b""
        span = {"Range": f"bytes={offset}-{offset + size - 1}"}
        answer = self._asked(name, lambda: self._client.get(self._address(name), headers=span))
        return answer.content if answer.status_code == httpx.codes.PARTIAL_CONTENT else b""

    def size(self, name: str) -> int:
        """Ask for the head."""
        answer = self._asked(name, lambda: self._client.head(self._address(name)))
        return int(answer.headers["Content-Length"])

    def remove(self, name: str) -> None:
        """Have it removed."""
        self._asked(name, lambda: self._client.delete(self._address(name)))

    def check(self) -> None:
        """Ask for what is not there, once: whether a web node answers, and knows us."""
        try:
            answer = self._client.head(self._address("check"))
        except httpx.HTTPError as error:
            raise _unreachable(self._base, error) from error
        if answer.status_code != httpx.codes.NOT_FOUND:
            _accept("check", answer)

    def close(self) -> None:
        """Close the connections it keeps."""
        self._client.close()

    def _asked(self, name: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """What a web node answers, however long that takes; raises where it refuses."""
        end = time.monotonic() + self._patience
        for pause in _pauses():
            try:
                answer = ask()
            except httpx.TransportError as error:
                why: Exception | str = error
                self._unless_refused(name)
            else:
                if answer.status_code not in _AWAY:
                    return _accept(name, answer)
                why = f"HTTP {answer.status_code}"
            if time.monotonic() + pause > end:
                raise _unreachable(self._base, why)
            log.warning("%s: %s; trying again", self._base + name, why)
            self._pause(pause)
        raise AssertionError  # pauses do not end

    def _unless_refused(self, name: str) -> None:
        """A refusal comes before a large body is read, and looks like a lost connection."""
        try:
            answer = self._client.head(self._address(name))
        except httpx.TransportError:
            return
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            _accept(name, answer)

    def _address(self, name: str) -> str:
        return self._base + quote("/".join(parts_of(name)))


def _accept(name: str, answer: httpx.Response) -> httpx.Response:
    """The answer, if it is one of success; 416 is a range behind the end, which is empty."""
    code = answer.status_code
    if answer.is_success or code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        return answer
    if code == httpx.codes.NOT_FOUND:
        raise LogMissing(f"there is no stored file {name}")
    if code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise StoreError(
            "the server does not take files from this worker",
            hint="FAIRLEAD_WORKER_TOKEN must be the server's own, or a token with scope worker",
        )
    words = answer.text.strip() or f"HTTP {code}"
    hint = "free some space there" if code == _FULL else ""
    raise StoreError(f"the server did not do it ({name}): {words}", hint=hint)


def _unreachable(base: str, why: object) -> StoreError:
    return StoreError(
        f"no web node answers at {base}: {why}", hint="see FAIRLEAD_URL, and whether it runs"
    )


def _pauses() -> Iterator[float]:
    yield from _PAUSES
    while True:
        yield _PAUSES[-1]


def _spooled() -> "tempfile.SpooledTemporaryFile[bytes]":
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _gather(file: "tempfile.SpooledTemporaryFile[bytes]", pieces: Iterable[bytes]) -> int:
    try:
        for piece in pieces:
            file.write(piece)
        return file.tell()
    except OSError as error:
        raise StoreError(
            f"a file cannot be put aside before it is sent: {error.strerror or error}",
            hint="free some space in the folder that TMPDIR names",
        ) from error


def _blocks(file: "IO[bytes] | tempfile.SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
