"""What can be wrong with a log."""

from fairlead.errors import FairleadError, StoreError


class LogGap(StoreError):
    """Bytes of a log are missing between two chunks, or two chunks overlap."""


class LogMissing(StoreError):
    """A log is not where it was: removed, or moved from chunks into a file meanwhile."""


class LogUnreadable(StoreError):
    """The stored bytes of a log are damaged, or no log at all."""


class SearchRefused(FairleadError):
    """What is searched for cannot be searched for."""
