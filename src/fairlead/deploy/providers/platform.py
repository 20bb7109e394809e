"""Heroku's Platform API, version 3, as far as releases need it.

https://devcenter.heroku.com/articles/platform-api-reference and, for uploads,
https://devcenter.heroku.com/articles/build-and-release-using-the-api
"""

from collections.abc import AsyncIterator
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from fairlead import __version__
from fairlead.errors import HostError, HostFailed, HostRefused, HostUnreachable

if TYPE_CHECKING:
    import httpx

BASE = "https://api.heroku.com"
_ACCEPT = "application/vnd.heroku+json; version=3"
_TIMEOUT = 30.0
_UPLOAD = 600.0
_REFUSED = frozenset({401, 403})
_NEWEST = "version ..; order=desc,max=50"
_PARTIAL = 206


class Platform:
    """One app, asked with one token. Every method raises a ``HostError`` for what goes wrong."""

    def __init__(self, app: str, token: str, base: str = BASE) -> None:
        import httpx

        self.app = app
        headers = {"Accept": _ACCEPT, "User-Agent": f"fairlead/{__version__}"}
        headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.AsyncClient(base_url=base, headers=headers, timeout=_TIMEOUT)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def about(self) -> dict[str, Any]:
        """The app itself: ``web_url`` is where it is reached."""
        return await self._object("GET", "")

    async def releases(self) -> tuple[dict[str, Any], ...]:
        """The newest fifty releases, the newest first."""
        answer = await self._ask("GET", "/releases", headers={"Range": _NEWEST})
        found: list[dict[str, Any]] = answer.json()
        return tuple(found)

    async def release(self, name: str) -> dict[str, Any]:
        """A release by its id or number."""
        return await self._object("GET", f"/releases/{quote(name, safe='')}")

    async def commit_of(self, release: dict[str, Any]) -> str:
        """The commit that a release's slug was built from, empty where it is not told."""
        slug = (release.get("slug") or {}).get("id")
        if not slug:
            return ""
        return str((await self._object("GET", f"/slugs/{slug}")).get("commit") or "")

    async def go_back_to(self, release: str) -> dict[str, Any]:
        """Make a new release that is a copy of an earlier one."""
        return await self._object("POST", "/releases", {"release": release})

    async def variables(self) -> dict[str, str]:
        """The app's config vars."""
        return await self._object("GET", "/config-vars")

    async def set_variables(self, changes: dict[str, str | None]) -> None:
        """Change config vars; ``None`` removes one."""
        await self._object("PATCH", "/config-vars", changes)

    async def upload(self, archive: IO[bytes], size: int) -> str:
        """Put an archive where builds find it; returns its address."""
        source = (await self._object("POST", "/sources"))["source_blob"]
        import httpx

        async def pieces() -> AsyncIterator[bytes]:
            while data := archive.read(1 << 18):
                yield data

        try:
            # The address is signed without a type, and for whoever has it: no token goes along.
            async with httpx.AsyncClient(timeout=_UPLOAD) as client:
                answer = await client.put(
                    source["put_url"],
                    content=pieces(),
                    headers={"Content-Type": "", "Content-Length": str(size)},
                )
        except httpx.HTTPError as error:
            raise HostUnreachable(f"the archive cannot be uploaded: {_said(error)}") from error
        if not answer.is_success:
            raise HostFailed(f"the archive cannot be uploaded: status {answer.status_code}")
        return str(source["get_url"])

    async def build(self, url: str, version: str, checksum: str) -> dict[str, Any]:
        """Begin a build of an archive; ``checksum`` is its SHA-256 in hexadecimal."""
        blob = {"url": url, "version": version, "checksum": f"SHA256:{checksum}"}
        return await self._object("POST", "/builds", {"source_blob": blob})

    async def built(self, build: str) -> dict[str, Any]:
        """A build as it is now: ``status`` is pending, succeeded or failed."""
        return await self._object("GET", f"/builds/{build}")

    async def lines(self, url: str) -> AsyncIterator[str]:
        """The lines of an output stream, as they are written; none where it is not to be had."""
        import httpx

        try:
            async with (
                httpx.AsyncClient(timeout=httpx.Timeout(_TIMEOUT, read=None)) as client,
                client.stream("GET", url) as answer,
            ):
                if answer.is_success:
                    async for line in answer.aiter_lines():
                        yield line
        except httpx.HTTPError:
            return

    async def _object(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = await self._ask(method, path, body)
        found = answer.json()
        if not isinstance(found, dict):
            raise HostFailed(f"{method} {path}: the answer is not what is documented")
        return found

    async def _ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> "httpx.Response":
        import httpx

        address = f"/apps/{quote(self.app, safe='')}{path}"
        try:
            answer = await self._client.request(method, address, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HostUnreachable(f"{self._client.base_url}: {_said(error)}") from error
        if answer.is_success or answer.status_code == _PARTIAL:
            return answer
        raise _refusal(answer, self.app)


def _refusal(answer: "httpx.Response", app: str) -> HostError:
    """The platform's own words for a refusal."""
    try:
        told = answer.json()
        words = str(told.get("message") or told.get("id") or "")
    except (ValueError, AttributeError):
        words = ""
    text = f"{app}: {words or f'status {answer.status_code}'}"
    if answer.status_code in _REFUSED:
        return HostRefused(
            text, hint="is the secret HEROKU_API_KEY right, and may it deploy there?"
        )
    return HostFailed(text)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
