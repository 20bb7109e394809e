"""Styles, scripts and icons, under names that say their content, so that browsers keep them.

They are gathered below the data folder when first asked for, compressed, in a folder named by
what they were made of: a new version gathers anew, processes that start at once do no harm.
"""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import django_htmx
from django.conf import settings
from django.core.files.base import ContentFile
from servestatic.asgi import ServeStaticASGI  # type: ignore[import-untyped] # no py.typed
from servestatic.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)

from fairlead.server.streams.sse import Message, Receive, Send
from fairlead.util.digest import sha256
from fairlead.util.fs import unusable

if TYPE_CHECKING:
    from fairlead.server.configuration import Configuration

_ACCEPTED = b"accept-encoding"
_SPECIAL = {b"range", b"if-none-match", b"if-modified-since"}
_KINDS = {"gzip", "br", "zstd"}
_HTMX = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"


class Statics(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Django's storage of static files, gathered already."""

    def __init__(self, location: str | None = None, base_url: str | None = None) -> None:
        super().__init__(location=location or str(folder()), base_url=base_url)


class Pages(ServeStaticASGI):  # type: ignore[misc]
    """Serves the static files, and leaves the rest to ``application``.

    Each is read once: a page is shown when its styles are here, and what the threads for reading
    a small file take is several times what answering takes.
    """

    def __init__(self, application: object) -> None:
        super().__init__(
            application,
            root=folder(),
            prefix=settings.STATIC_URL,
            allow_all_origins=False,
        )
        self._known: dict[tuple[str, frozenset[str]], list[Message]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        kinds = _encodings(scope)
        if kinds is None or scope["path"] not in self.files:
            await super().__call__(scope, receive, send)
            return
        key = scope["path"], kinds
        if key not in self._known:
            self._known[key] = await self._whole(scope, receive)
        for message in self._known[key]:
            await send(message)

    async def _whole(self, scope: Message, receive: Receive) -> list[Message]:
        """The answer as two messages."""
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await super().__call__(scope, receive, keep)
        body = b"".join(message["body"] for message in said[1:])
        return [said[0], {"type": "http.response.body", "body": body, "more_body": False}]


def _encodings(scope: Message) -> frozenset[str] | None:
    """What may be sent to who asks for a whole file; ``None`` for all who ask for something else.

    Browsers name encodings without weights; whoever does otherwise is answered with more care.
    """
    names = {name for name, _ in scope["headers"]}
    if scope["method"] != "GET" or names & _SPECIAL:
        return None
    texts = [text.decode("latin-1") for name, text in scope["headers"] if name == _ACCEPTED]
    told = {word.strip() for text in texts for word in text.split(",")}
    return None if any(";" in word for word in told) else frozenset(told & _KINDS)


@cache
def folder() -> Path:
    """Where the gathered files are. Raises ``StoreError`` where the data folder takes none."""
    told: Configuration = settings.FAIRLEAD
    found = sources()
    named = sha256(b"".join(name.encode() + path.read_bytes() for name, path in found.items()))
    place = told.data / "static" / named.hexdigest()[:16]
    try:
        if not place.exists():
            _gather(found, place)
    except OSError as error:
        raise unusable(place, error) from error
    return place


def sources() -> dict[str, Path]:
    """Every static file by its name, ours and htmx."""
    root = Path(__file__).parent / "static"
    ours = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in ours} | {"fairlead/htmx.js": _HTMX}


def _gather(found: dict[str, Path], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{uuid4().hex}")
    storage = Statics(location=str(aside))
    try:
        for name, path in found.items():
            storage.save(name, ContentFile(path.read_bytes()))
        for _, _, done in storage.post_process({name: (storage, name) for name in found}):
            if isinstance(done, Exception):
                raise done
        os.rename(aside, place)
    except OSError:
        # Another process was quicker, or there is no room.
        if not place.exists():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
