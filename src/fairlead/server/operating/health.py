"""Whether this installation can do its work."""

import logging
import time
from collections.abc import Callable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from fairlead.errors import FairleadError, StoreError
from fairlead.server.configuration import Configuration
from fairlead.server.storage.opening import own_storage

log = logging.getLogger(__name__)

OK = "ok"
_FRESH = 2.0


class Health:
    """Looks again when the last look is ``_FRESH`` seconds old: many may ask, and often."""

    def __init__(self, told: Configuration, clock: Callable[[], float] = time.monotonic) -> None:
        self._told = told
        self._clock = clock
        self._wanted: frozenset[tuple[str, str]] = frozenset()
        self._found: dict[str, str] = {}
        self._at = 0.0

    def look(self) -> dict[str, str]:
        """``ok`` or what is wrong, by part; details are logged, since anybody may ask."""
        if not self._found or self._clock() - self._at > _FRESH:
            self._found, self._at = self._look(), self._clock()
        return self._found

    def _look(self) -> dict[str, str]:
        found = {"database": OK, "tables": OK, "storage": self._storage()}
        try:
            missing = self._missing()
        except Exception as error:  # noqa: BLE001 — whatever it is, we are not ready
            log.warning("the database cannot be used: %s", error)
            return {**found, "database": "it cannot be reached", "tables": "unknown"}
        if missing:
            found["tables"] = f"{missing} migrations are not applied"
        return found

    def _missing(self) -> int:
        if not self._wanted:
            self._wanted = frozenset(MigrationLoader(None).disk_migrations or ())
        return len(self._wanted - MigrationRecorder(connection).applied_migrations().keys())

    def _storage(self) -> str:
        try:
            own_storage(self._told).check()
        except StoreError as error:
            log.warning("storage cannot be used: %s", error)
            return "the disk is full" if "full" in error.message else "nothing can be stored"
        except FairleadError as error:
            log.warning("storage cannot be used: %s", error)
            return "FAIRLEAD_STORAGE cannot be used"
        return OK
