"""PostgreSQL without installing it: binaries from a wheel under a supervisor of our own."""

from .address import Address
from .errors import PostgresFailed
from .keeper import Ending
from .layout import address_of
from .lock import supervisor_of
from .supervisor import Postgres

__all__ = ["Address", "Ending", "Postgres", "PostgresFailed", "address_of", "supervisor_of"]
