"""One connection to a server: requests that outlive its restart, answers as values."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from fairlead import __version__
from fairlead.client.errors import ServerRefused, ServerUnintelligible, ServerUnreachable
from fairlead.client.problems import refusal
from fairlead.util.decoding import from_json

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_PASSING = frozenset({429, 502, 503, 504})
"""Answers of a server, or of a proxy before it, that is about to start, or too busy."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_REDIRECTS = range(300, 400)
_UNKNOWN = 401
_NOT_MODIFIED = 304


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """For how many seconds to go on trying: a server never reached yet, or one that was there."""

    first: float = 3.0
    after: float = 90.0


class Connection:
    """Requests to the server at ``base``, which has no slash at its end.

    Only what changes nothing is asked twice; a request that never left us may be sent again too.
    Proxies, certificates and their variables are as httpx has them. The token goes to ``base``
    alone: no redirect is followed.
    """

    def __init__(self, base: str, token: str = "", *, patience: Patience | None = None) -> None:
        import httpx

        self.base = base
        self._patience = patience or Patience()
        self._reached = False
        headers = {"User-Agent": f"fairlead/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._http = httpx.Client(headers=headers, timeout=httpx.Timeout(30.0, connect=10.0))
        except (ValueError, OSError, ImportError) as error:
            raise ServerUnreachable(
                f"cannot prepare a connection: {error}",
                hint="look at the variables HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR",
            ) from error

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def get(self, path: str, kind: type[T], **query: object) -> T:
        """Ask for a value. Raises ``ServerRefused`` and the other errors of this package."""
        return self._decoded(self._request("GET", path, query), kind)

    def post(self, path: str, kind: type[T], body: Mapping[str, object] | None = None) -> T:
        """Have something done, and return what came of it."""
        return self._decoded(self._request("POST", path, {}, body or {}), kind)

    def get_changed(self, path: str, kind: type[T], tag: str) -> tuple[T | None, str]:
        """A value and its tag, or ``None`` where it is still the one of ``tag``."""
        headers = {"If-None-Match": tag} if tag else {}
        answer = self._request("GET", path, {}, headers=headers)
        if answer.status_code == _NOT_MODIFIED:
            return None, tag
        return self._decoded(answer, kind), answer.headers.get("ETag", "")

    @contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str] | None = None, silence: float = 30.0
    ) -> Iterator["httpx.Response"]:
        """An answer whose body is read bit by bit; tried once. ``silence`` ends it, in seconds.

        Raises ``ServerUnreachable`` also where the body breaks off.
        """
        import httpx

        request = self._http.build_request("GET", self._url(path), headers=dict(headers or {}))
        request.extensions["timeout"]["read"] = silence
        try:
            answer = self._http.send(request, stream=True)
            try:
                if answer.status_code >= _REDIRECTS.start:
                    answer.read()
                    raise self._refusal(answer)
                self._reached = True
                yield answer
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def waits(self) -> Iterator[float]:
        """Pauses in seconds until patience ends: sleeping them is the caller's."""
        limit = self._patience.after if self._reached else self._patience.first
        end = time.monotonic() + limit
        pause = _FIRST_PAUSE
        while time.monotonic() + pause < end:
            yield pause
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "httpx.Response":
        waits = self.waits()
        while True:
            try:
                return self._send(method, path, query, body, headers)
            except (ServerUnreachable, ServerRefused) as error:
                pause = next(waits, None)
                if pause is None or not _worth_again(error, asking=method == "GET"):
                    raise
                wanted = error.pause if isinstance(error, ServerRefused) else 0.0
            time.sleep(max(pause, min(wanted, self._patience.after)))

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, object] | None,
        headers: Mapping[str, str] | None,
    ) -> "httpx.Response":
        import httpx

        options: dict[str, Any] = {"headers": dict(headers or {})}
        options["params"] = {name: value for name, value in query.items() if value is not None}
        if body is not None:
            options["content"] = msgspec.json.encode(body)
            options["headers"]["Content-Type"] = "application/json"
        url = self._url(path)
        if not options["params"]:
            del options["params"]  # even an empty one takes the address's own query away
        try:
            answer = self._http.request(method, url, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        if answer.is_success or answer.status_code == _NOT_MODIFIED:
            self._reached = True
            return answer
        raise self._refusal(answer)

    def _url(self, path: str) -> str:
        """The address of ``path``; one that leads to another server is taken as a path of ours.

        A server behind a proxy may not know how it is reached.
        """
        parts = urlsplit(path)
        query = f"?{parts.query}" if parts.query else ""
        below = urlsplit(self.base).path
        return f"{self.base}/{parts.path.removeprefix(below).lstrip('/')}{query}"

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        import httpx

        words = str(error) or type(error).__name__
        sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        hint = "is it running, and is the address right?"
        return ServerUnreachable(f"cannot reach {self.base}: {words}", hint=hint, sent=sent)

    def _refusal(self, answer: "httpx.Response") -> Exception:
        if answer.status_code in _REDIRECTS:
            there = answer.headers.get("Location", "")
            return ServerUnintelligible(
                f"{self.base} sends us on to {there}", hint="log in at that address instead"
            )
        if answer.status_code == _UNKNOWN and "Authorization" in answer.request.headers:
            return ServerRefused(
                f"{self.base} does not know this token: it is wrong, revoked or too old",
                status=_UNKNOWN,
                hint=f"give another one: fairlead login {self.base}",
            )
        kind = answer.headers.get("Content-Type", "")
        body = answer.content[:65536]
        error = refusal(answer.status_code, answer.reason_phrase, kind, body, self.base)
        pause = answer.headers.get("Retry-After", "")
        error.pause = float(pause) if pause.isascii() and pause.isdecimal() else 0.0
        return error

    def _decoded(self, answer: "httpx.Response", kind: type[T]) -> T:
        try:
            return from_json(answer.content, kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            place = answer.request.url.path
            raise ServerUnintelligible(
                f"{self.base} does not answer as a Fairlead server would: {place}: {error}",
                hint="is the address right? Is the server much older or newer than this client?",
            ) from error


def _worth_again(error: ServerUnreachable | ServerRefused, *, asking: bool) -> bool:
    if isinstance(error, ServerRefused):
        return asking and error.status in _PASSING
    return asking or not error.sent
