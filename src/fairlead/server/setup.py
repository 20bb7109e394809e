"""Django made ready inside a process of ours, with a database told by URL."""

import os
import threading

_LOCK = threading.Lock()
_done = False


def setup(database_url: str = "") -> None:
    """Configure Django once; ``database_url`` stands for ``FAIRLEAD_DATABASE_URL``.

    Whoever starts the embedded PostgreSQL calls this with its URL, before anything of the
    store is imported. Raises ``FairleadError`` for settings that cannot be used.
    """
    global _done  # noqa: PLW0603 — Django's configuration is one a process
    with _LOCK:
        if _done:
            return
        if database_url:
            os.environ["FAIRLEAD_DATABASE_URL"] = database_url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.server.settings")
        import django

        django.setup()
        _done = True


def migrate(target: str | None = None) -> None:
    """Bring the tables to this version's state, or the store's to the migration ``target``."""
    from django.core.management import call_command

    words = ("store", target) if target else ()
    call_command("migrate", *words, interactive=False, verbosity=0)
