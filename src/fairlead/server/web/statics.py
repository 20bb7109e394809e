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

from fairlead.util.digest import sha256
from fairlead.util.fs import unusable

if TYPE_CHECKING:
    from fairlead.server.configuration import Configuration

_HTMX = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"


class Statics(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Django's storage of static files, gathered already."""

    def __init__(self, location: str | None = None, base_url: str | None = None) -> None:
        super().__init__(location=location or str(folder()), base_url=base_url)


class Pages(ServeStaticASGI):  # type: ignore[misc]
    """Serves the static files, and leaves the rest to ``application``."""

    def __init__(self, application: object) -> None:
        super().__init__(
            application,
            root=folder(),
            prefix=settings.STATIC_URL,
            allow_all_origins=False,
        )


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
