"""What parts of the server that never meet otherwise agree on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LOCK = 0x666C7377656570  # "flsweep"
"""An advisory lock: who holds it, such as a backup, has files stay while their rows do."""


@contextmanager
def files_may_go() -> Iterator[bool]:
    """Whether files may be removed in the block: no backup is made, nobody else removes any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
        row = cursor.fetchone()
        ours = bool(row and row[0])
        try:
            yield ours
        finally:
            if ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
