"""Which storage an installation has been told to use."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from fairlead.server.configuration import Configuration
from fairlead.server.logs.storage import FolderStorage, Storage
from fairlead.server.storage.place import SCHEME


class Checked(Storage, Protocol):
    """A storage that can say whether it is fit for use."""

    def check(self) -> None:
        """Raise ``StoreError`` where nothing could be stored."""
        ...


class Swept(Checked, Protocol):
    """A storage that holds the files itself."""

    def sweep(self, before: float) -> int:
        """Remove what killed writers left before then (Unix seconds); how many files."""
        ...


def open_storage(told: Configuration, *, worker: bool = False) -> Checked:
    """What ``FAIRLEAD_STORAGE`` names, by default a folder in ``data``.

    A ``worker`` with a process of its own that was told a token and an address, but no storage,
    has the web nodes store its files. Raises ``FairleadError`` for what is no storage.
    """
    if worker and told.worker_token and told.url and not told.storage:
        return _behind(told.url, told.worker_token)
    return own_storage(told)


def own_storage(told: Configuration) -> Swept:
    """The storage itself, whatever else this process was told: for who answers for others."""
    if told.storage.startswith(SCHEME):
        return _bucket(told.storage)
    return FolderStorage(folder_of(told))


def folder_of(told: Configuration) -> Path:
    """The folder that the files lie in, where they lie in one."""
    return Path(told.storage or told.data / "storage").absolute()


# A client of either kind keeps connections and is safe to share between threads.
@lru_cache(4)
def _bucket(url: str) -> Swept:
    # django-storages asks Django's settings, also where no other part of Django is used.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.server.settings")
    from fairlead.server.storage.bucket import BucketStorage
    from fairlead.server.storage.place import read_place

    return BucketStorage(read_place(url))


@lru_cache(4)
def _behind(url: str, token: str) -> Checked:
    from fairlead.server.storage.remote import HttpStorage

    return HttpStorage(url, token)
