"""Where the database is: for libpq and psycopg, as a URL, and for Django."""

import re
from pathlib import Path
from urllib.parse import quote

import msgspec

USER = DATABASE = "fairlead"
PORT = 5432  # it only names the socket; nothing listens on the network


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A database behind a Unix socket in ``folder``; who may log in is told by the kernel."""

    folder: Path
    user: str = USER
    database: str = DATABASE
    port: int = PORT

    @property
    def socket(self) -> Path:
        """The socket, named as libpq does it."""
        return self.folder / f".s.PGSQL.{self.port}"

    @property
    def conninfo(self) -> str:
        """Keywords and values (manual of libpq, "Connection Strings")."""
        words = {
            "host": str(self.folder),
            "port": str(self.port),
            "user": self.user,
            "dbname": self.database,
        }
        return " ".join(f"{name}={_quoted(value)}" for name, value in words.items())

    @property
    def url(self) -> str:
        """What ``FAIRLEAD_DATABASE_URL`` takes; the folder is in the query, as libpq has it."""
        host = quote(str(self.folder), safe="")
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return f"postgresql://{user}@/{database}?host={host}&port={self.port}"

    def django(self) -> dict[str, str]:
        """An entry of Django's ``DATABASES``."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.database,
            "USER": self.user,
            "HOST": str(self.folder),
            "PORT": str(self.port),
        }


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w./-]+", value, re.ASCII):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
